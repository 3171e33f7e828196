// Flushes connections at the end of a turn of an event loop, once each: one read becomes many commands, and their
// output becomes one write per connection.
//
// A posted handler is the only reliable end of a turn. The first request of a turn posts one, which serves all requests
// of that turn. If they are very many it serves some of them and posts another handler for the rest, so that the loop
// gets to its other work in between.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <asio/post.hpp>

#include "protocol/end/connection_end.hpp"
#include "protocol/io/serial_executor.hpp"

namespace pocketmq::protocol {

/// Something that is flushed at the end of a turn in which it asked for it.
class Flushable {
 public:
  virtual void flush(TimePoint now) = 0;

 protected:
  ~Flushable() = default;
};

/// Belongs to one thread or strand, that of its executor. Lives as long as the loop may still run its handlers.
template <class Executor> class FlushScheduler {
 public:
  explicit FlushScheduler(Executor executor) : executor_{std::move(executor)} {}
  FlushScheduler(const FlushScheduler&) = delete;
  FlushScheduler& operator=(const FlushScheduler&) = delete;

  [[nodiscard]] const Executor& executor() const { return executor_; }

  /// How many are flushed before the loop looks at all else again: a millisecond or two of system calls.
  static constexpr std::size_t flushes_max = 256;

  /// Flushes `what` at the end of this turn. Ask once until it is flushed.
  void request(std::shared_ptr<Flushable> what) {
    if (pending_ == nullptr) {
      auto batch = spare_ ? std::move(spare_) : std::make_unique<Batch>();
      pending_ = batch.get();
      post_end(std::move(batch), 0);
    }
    pending_->push_back(std::move(what));
  }

  /// Flushes `what` now, as a turn of its own.
  void flush(Flushable& what, TimePoint now) {
    what.flush(now);
    if (after_flushes_) after_flushes_();
  }

  /// `task` runs at the end of every turn that was asked for, after the flushes.
  void after_flushes(std::function<void()> task) { after_flushes_ = std::move(task); }

 private:
  using Batch = std::vector<std::shared_ptr<Flushable>>;

  // The batch belongs to the handler: an executor that goes before it runs it lets go of all in it.
  void post_end(std::unique_ptr<Batch> batch, std::size_t next) {
    using asio::post;
    post(executor_, [this, batch = std::move(batch), next]() mutable { end(std::move(batch), next); });
  }
  void end(std::unique_ptr<Batch> batch, std::size_t next) {
    if (pending_ == batch.get()) pending_ = nullptr;
    const auto now = Clock::now();
    for (const auto stop = std::min(batch->size(), next + flushes_max); next < stop; ++next)
      std::exchange((*batch)[next], nullptr)->flush(now);
    if (next < batch->size()) {
      post_end(std::move(batch), next);
    } else {
      batch->clear();
      spare_ = std::move(batch);
    }
    if (after_flushes_) after_flushes_();
  }

  const Executor executor_;
  Batch* pending_{nullptr};       // while its handler is posted
  std::unique_ptr<Batch> spare_;  // an old one, for its memory
  std::function<void()> after_flushes_;
};

}  // namespace pocketmq::protocol
