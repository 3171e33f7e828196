// Flushes connections at the end of a turn of an event loop, once each: one read becomes many commands, and their
// output becomes one write per connection.
//
// A posted handler is the only reliable end of a turn. The first request of a turn posts a handler, which serves all
// requests of that turn. If there are very many requests, it serves some of them and posts another handler for the
// rest, so that the loop can do other work before that.
#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include <asio/post.hpp>

#include "protocol/end/loop_clock.hpp"
#include "protocol/io/clock_of.hpp"
#include "protocol/io/serial_executor.hpp"
#include "protocol/io/turn_batch.hpp"

namespace pocketmq::protocol {

/// What a scheduler flushes at the end of a turn.
class Flushable {
 public:
  virtual void flush(TimePoint now) = 0;

 protected:
  ~Flushable() = default;
};

/// Belongs to one thread or strand, that of its executor. Lives as long as the loop may still run its handlers.
template <class Executor> class FlushScheduler {
 public:
  explicit FlushScheduler(Executor executor) : executor_{std::move(executor)}, clock_{clock_of(executor_)} {}
  FlushScheduler(const FlushScheduler&) = delete;
  FlushScheduler& operator=(const FlushScheduler&) = delete;

  [[nodiscard]] const Executor& executor() const { return executor_; }
  /// The clock of the executor's loop.
  [[nodiscard]] LoopClock& clock() const { return clock_; }

  /// How many are flushed before other handlers of the loop run: one or two milliseconds of system calls.
  static constexpr std::size_t flushes_max = 256;

  /// Flushes `what` at the end of this turn. Must not be called again until `what` is flushed.
  void request(std::shared_ptr<Flushable> what) {
    if (auto batch = requests_.add(std::move(what))) post_flushes(std::move(batch), 0);
  }

  /// Flushes `what` now, as a turn of its own.
  void flush(Flushable& what, TimePoint now) {
    what.flush(now);
    if (after_flushes_) after_flushes_();
  }

  /// `task` runs after the flushes of each turn that has flushes.
  void after_flushes(std::function<void()> task) { after_flushes_ = std::move(task); }

 private:
  using Requests = TurnBatch<std::shared_ptr<Flushable>>;
  using Batch = std::unique_ptr<Requests::Items>;

  void post_flushes(Batch batch, std::size_t first) {
    using asio::post;
    post(executor_, [this, batch = std::move(batch), first]() mutable { flush_from(std::move(batch), first); });
  }
  void flush_from(Batch batch, std::size_t next) {
    if (next == 0) requests_.end();
    const auto now = clock_.now();
    for (const auto stop = std::min(batch->size(), next + flushes_max); next < stop; ++next)
      std::exchange((*batch)[next], nullptr)->flush(now);
    if (next < batch->size())
      post_flushes(std::move(batch), next);
    else
      requests_.reuse(std::move(batch));
    if (after_flushes_) after_flushes_();
  }

  const Executor executor_;
  LoopClock& clock_;
  Requests requests_;
  std::function<void()> after_flushes_;
};

}  // namespace pocketmq::protocol
