#include "protocol/io/serial_executor.hpp"

#include <algorithm>
#include <iterator>

#include <asio/dispatch.hpp>
#include <asio/post.hpp>
#include <asio/query.hpp>

#include "protocol/io/abandonable_handler.hpp"

namespace pocketmq::protocol {
namespace {

// A handler begins no further batch after it has run this many tasks, so that its thread can do other work.
constexpr std::size_t tasks_at_once = 256;

}  // namespace

asio::execution_context& SerialExecutor::query(asio::execution::context_t) const noexcept {
  return asio::query(queue_->inner, asio::execution::context);
}

void SerialExecutor::Queue::push(Task&& task, Blocking blocking) {
  // Tasks run in order: one that another thread has posted before this one runs first.
  if (runs_here() && !others_wait.load(std::memory_order_acquire)) return own.push_back(std::move(task));
  {
    const std::lock_guard lock{mutex};
    waiting.push_back(std::move(task));
    others_wait.store(true, std::memory_order_release);
    if (std::exchange(is_scheduled, true)) return;
  }
  schedule(blocking);
}

void SerialExecutor::Queue::schedule(Blocking blocking) {
  AbandonableHandler<Queue, &Queue::run, &Queue::abandoned> handler{shared_from_this()};
  if (blocking == Blocking::possibly)
    asio::dispatch(inner, std::move(handler));
  else
    asio::post(inner, std::move(handler));
}

void SerialExecutor::Queue::run() {
  struct Running {
    explicit Running(Queue& of) : queue{of} {
      queue.runner.store(std::this_thread::get_id(), std::memory_order_relaxed);
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    // Tasks may be left, because there were very many or because one threw. Another handler runs them.
    ~Running() {
      queue.runner.store(std::thread::id{}, std::memory_order_relaxed);
      if (queue.give_back()) queue.schedule(Blocking::never);
    }

    Queue& queue;
  };

  const Running running{*this};
  for (std::size_t ran = 0; ran < tasks_at_once && take_batch(); ran += batch.size())
    while (next < batch.size()) {
      auto task = std::move(batch[next++]);
      task();
    }
}

// False if there is nothing to run.
bool SerialExecutor::Queue::take_batch() {
  batch.clear();
  next = 0;
  batch.swap(own);
  if (others_wait.load(std::memory_order_acquire)) {
    const std::lock_guard lock{mutex};
    std::ranges::move(waiting, std::back_inserter(batch));
    waiting.clear();
    others_wait.store(false, std::memory_order_relaxed);
  }
  return !batch.empty();
}

// Puts the tasks that have not run back in `waiting`. False if there are none, so that no other handler is needed.
bool SerialExecutor::Queue::give_back() {
  const std::lock_guard lock{mutex};
  batch.erase(batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(next));
  std::ranges::move(own, std::back_inserter(batch));
  std::ranges::move(waiting, std::back_inserter(batch));
  own.clear();
  waiting.clear();
  waiting.swap(batch);
  next = 0;
  is_scheduled = !waiting.empty();
  others_wait.store(is_scheduled, std::memory_order_relaxed);
  return is_scheduled;
}

void SerialExecutor::Queue::abandoned() {
  std::vector<Task> tasks;  // destroyed after the lock is released
  const std::lock_guard lock{mutex};
  tasks.swap(waiting);
  others_wait.store(false, std::memory_order_relaxed);
  is_scheduled = false;
}

}  // namespace pocketmq::protocol
