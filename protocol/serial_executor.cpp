#include "protocol/serial_executor.hpp"

#include <iterator>

#include <asio/dispatch.hpp>
#include <asio/post.hpp>
#include <asio/query.hpp>

namespace pocketmq::protocol {
namespace {

// Batches that are run at once, each what came during the one before; then others on the same thread get a turn.
constexpr int batches_max = 16;

}  // namespace

asio::execution_context& SerialExecutor::query(asio::execution::context_t) const noexcept {
  return asio::query(queue_->inner, asio::execution::context);
}

void SerialExecutor::Queue::push(Task task, Hurry hurry) {
  {
    const std::lock_guard lock{mutex};
    waiting.push_back(std::move(task));
    if (std::exchange(is_scheduled, true)) return;
  }
  if (hurry == Hurry::yes)
    asio::dispatch(inner, Run{shared_from_this()});
  else
    asio::post(inner, Run{shared_from_this()});
}

void SerialExecutor::Queue::run() {
  // What is left, because there was much or a task threw, waits for another run.
  struct Batch {
    explicit Batch(Queue& of) : queue{of}, tasks{std::move(of.spare)} {
      queue.runner.store(std::this_thread::get_id(), std::memory_order_relaxed);
    }
    Batch(const Batch&) = delete;
    Batch& operator=(const Batch&) = delete;
    ~Batch() {
      queue.runner.store(std::thread::id{}, std::memory_order_relaxed);
      {
        const std::lock_guard lock{queue.mutex};
        queue.waiting.insert(queue.waiting.begin(), std::move_iterator{tasks.begin() + next},
                             std::move_iterator{tasks.end()});
        tasks.clear();
        queue.spare = std::move(tasks);
        queue.is_scheduled = !queue.waiting.empty();
        if (!queue.is_scheduled) return;
      }
      asio::post(queue.inner, Run{queue.shared_from_this()});
    }

    [[nodiscard]] bool take() {
      tasks.clear();
      next = 0;
      const std::lock_guard lock{queue.mutex};
      tasks.swap(queue.waiting);
      return !tasks.empty();
    }

    Queue& queue;
    std::vector<Task> tasks;
    std::ptrdiff_t next{0};
  };

  Batch batch{*this};
  for (int batches = 0; batches < batches_max && batch.take(); ++batches)
    while (batch.next < std::ssize(batch.tasks)) {
      auto task = std::move(batch.tasks[static_cast<std::size_t>(batch.next++)]);
      task();
    }
}

void SerialExecutor::Queue::let_go() {
  std::vector<Task> tasks;  // they end without the lock
  const std::lock_guard lock{mutex};
  tasks.swap(waiting);
  is_scheduled = false;
}

}  // namespace pocketmq::protocol
