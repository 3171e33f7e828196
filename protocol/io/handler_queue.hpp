// Items that wait for handlers on an executor, which may run several handlers at a time.
//
// Invariant: while an item waits, a handler is on its way to the executor. It handles one waiting item after another.
// Before each item it sends the next handler, if more items wait, because handling an item may block. So items that
// block are handled in parallel, as many as the executor has threads. A thousand short items are handled by one or two
// threads.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <iterator>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/execution/blocking.hpp>
#include <asio/require.hpp>

#include "protocol/io/abandonable_handler.hpp"

namespace pocketmq::protocol {

/// May be used from any thread. Its handlers keep it alive. The functions of `Events` must be callable as long as an
/// item exists. If the executor destroys a handler without running it, all items that wait are destroyed.
template <class Item> class HandlerQueue final : public std::enable_shared_from_this<HandlerQueue<Item>> {
 public:
  struct Events {
    /// Handles an item, on the executor. Must not throw.
    std::function<void(const Item&)> handle;
    /// Called before a handler is sent while `running` others run, so that there can be a thread for it. Never called
    /// once the queue is closed. It must not call the queue.
    std::function<void(std::size_t running)> sending;
  };

  HandlerQueue(const asio::any_io_executor& executor, Events events)
      : executor_{asio::require(executor, asio::execution::blocking.never)}, events_{std::move(events)} {}
  HandlerQueue(const HandlerQueue&) = delete;
  HandlerQueue& operator=(const HandlerQueue&) = delete;

  /// Once the queue is closed the items are destroyed instead.
  void push(std::vector<Item>&& items) {
    std::unique_lock lock{mutex_};
    if (is_closed_) {
      lock.unlock();
      return items.clear();
    }
    waiting_.insert(waiting_.end(), std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
    send_handler(lock);
  }

  /// From now on no further item is handled. Those that wait stay until `clear`.
  void close() {
    const std::lock_guard lock{mutex_};
    is_closed_ = true;
  }

  /// Destroys the items that wait.
  void clear() {
    std::deque<Item> waiting;  // destroyed after the lock is released
    const std::lock_guard lock{mutex_};
    waiting.swap(waiting_);
  }

  /// Returns when no item is being handled. Close the queue first, so that none follows.
  void wait_until_none_runs() {
    std::unique_lock lock{mutex_};
    all_done_.wait(lock, [this] { return running_ == 0; });
  }

 private:
  // Releases the lock before it sends, because the thread that it wakes takes the lock at once.
  void send_handler(std::unique_lock<std::mutex>& lock) {
    const bool is_needed = !waiting_.empty() && !std::exchange(is_sent_, true);
    if (is_needed) events_.sending(running_);
    lock.unlock();
    if (is_needed) executor_.execute(Handler{this->shared_from_this()});
  }

  void arrive() {
    std::unique_lock lock{mutex_};
    is_sent_ = false;
    ++running_;
    while (!waiting_.empty() && !is_closed_) {
      auto item = std::move(waiting_.front());
      waiting_.pop_front();
      send_handler(lock);
      events_.handle(item);
      item = {};  // before the lock is taken again
      lock.lock();
    }
    if (--running_ == 0) all_done_.notify_all();
  }

  // The executor was destroyed, or is being destroyed.
  void abandoned() {
    std::deque<Item> waiting;  // destroyed after the lock is released
    const std::lock_guard lock{mutex_};
    is_sent_ = false;
    waiting.swap(waiting_);
  }

  using Handler = AbandonableHandler<HandlerQueue, &HandlerQueue::arrive, &HandlerQueue::abandoned>;

  const asio::any_io_executor executor_;  // never runs a handler inside `execute`
  const Events events_;
  std::mutex mutex_;  // guards what follows
  std::condition_variable all_done_;
  std::deque<Item> waiting_;
  bool is_sent_{false};     // a handler is on its way
  std::size_t running_{0};  // handlers that have arrived and are not done
  bool is_closed_{false};
};

}  // namespace pocketmq::protocol
