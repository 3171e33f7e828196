// A stop source that allocates its state only when a token is asked for: most handlers never ask.
#pragma once

#include <atomic>
#include <mutex>
#include <stop_token>

namespace pocketmq::server {

/// May be used from any thread.
class LazyStopSource {
 public:
  [[nodiscard]] std::stop_token token() const {
    const std::lock_guard lock{mutex_};
    if (!source_.stop_possible()) {
      source_ = std::stop_source{};
      if (requested_) source_.request_stop();
    }
    return source_.get_token();
  }
  [[nodiscard]] bool requested() const { return requested_; }

  /// The token's callbacks run inside this call.
  void request() {
    requested_ = true;
    source().request_stop();
  }

 private:
  [[nodiscard]] std::stop_source source() const {
    const std::lock_guard lock{mutex_};
    return source_;
  }

  mutable std::mutex mutex_;
  mutable std::stop_source source_{std::nostopstate};  // guarded by mutex_
  std::atomic<bool> requested_{false};
};

}  // namespace pocketmq::server
