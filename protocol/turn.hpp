// The end of a turn of an event loop: what has to be done once, after everything that the turn's input caused.
//
// One read becomes many commands, and they become one write per connection. The only reliable end of a turn is a
// posted handler, so the first request of a turn posts one, and it serves all.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <asio/post.hpp>

#include "protocol/connection_end.hpp"

namespace pocketmq::protocol {

/// Something that is flushed at the end of a turn in which it asked for it.
class Flushable {
 public:
  virtual void flush(TimePoint now) = 0;

 protected:
  ~Flushable() = default;
};

/// Belongs to one thread or strand, that of its executor. Lives as long as the loop may still run its handlers.
template <class Executor> class Turn {
 public:
  explicit Turn(Executor executor) : executor_{std::move(executor)} {}
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  [[nodiscard]] const Executor& executor() const { return executor_; }

  /// Flushes `what` at the end of this turn. Ask once a turn.
  void request(std::shared_ptr<Flushable> what) {
    dirty_.push_back(std::move(what));
    if (std::exchange(posted_, true)) return;
    asio::post(executor_, [this] { end(); });
  }

  /// `task` runs at the end of every turn that was asked for, after the flushes.
  void also(std::function<void()> task) { also_ = std::move(task); }

 private:
  void end() {
    posted_ = false;
    batch_.swap(dirty_);
    const auto now = Clock::now();
    for (auto& what : batch_) what->flush(now);
    batch_.clear();
    if (also_) also_();
  }

  Executor executor_;
  std::vector<std::shared_ptr<Flushable>> dirty_;
  std::vector<std::shared_ptr<Flushable>> batch_;
  std::function<void()> also_;
  bool posted_{false};
};

}  // namespace pocketmq::protocol
