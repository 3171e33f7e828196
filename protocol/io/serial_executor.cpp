#include "protocol/io/serial_executor.hpp"

#include <algorithm>
#include <iterator>

#include <asio/dispatch.hpp>
#include <asio/post.hpp>
#include <asio/query.hpp>

#include "protocol/io/abandonable_handler.hpp"

namespace pocketmq::protocol {
namespace {

// Tasks that are run at once, but for those that wait with the last of them; then others on the same thread get a turn.
constexpr std::size_t tasks_at_once = 256;

}  // namespace

asio::execution_context& SerialExecutor::query(asio::execution::context_t) const noexcept {
  return asio::query(queue_->inner, asio::execution::context);
}

void SerialExecutor::Queue::push(Task&& task, Hurry hurry) {
  // In order: if others have posted before it, it goes behind them.
  if (runs_here() && !others_wait.load(std::memory_order_acquire)) return own.push_back(std::move(task));
  {
    const std::lock_guard lock{mutex};
    waiting.push_back(std::move(task));
    others_wait.store(true, std::memory_order_release);
    if (std::exchange(is_scheduled, true)) return;
  }
  schedule(hurry);
}

void SerialExecutor::Queue::schedule(Hurry hurry) {
  AbandonableHandler<Queue, &Queue::run, &Queue::abandoned> handler{shared_from_this()};
  if (hurry == Hurry::yes)
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
    // What is left, because there was much or a task threw, waits for another run.
    ~Running() {
      queue.runner.store(std::thread::id{}, std::memory_order_relaxed);
      if (queue.give_back()) queue.schedule(Hurry::no);
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

// False if nothing is left, and nobody has to come back.
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
  std::vector<Task> tasks;  // they end without the lock
  const std::lock_guard lock{mutex};
  tasks.swap(waiting);
  others_wait.store(false, std::memory_order_relaxed);
  is_scheduled = false;
}

}  // namespace pocketmq::protocol
