// Turns signals such as Ctrl-C into a stop request, so that a program can cancel its calls or its server before it
// ends.
#pragma once

#include <atomic>
#include <initializer_list>
#include <stop_token>

#include <asio/signal_set.hpp>
#include <asio/thread_pool.hpp>

namespace pocketmq::client {

/// While this object lives, the first of these signals requests a stop. After that all of these signals have their
/// default effect: a second signal ends the process at once.
class StopSignals {
 public:
  /// Throws std::system_error for a signal that cannot be caught.
  explicit StopSignals(std::initializer_list<int> signals);
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  /// Stop callbacks run on a thread of this object.
  [[nodiscard]] std::stop_token token() const { return stop_.get_token(); }
  /// The signal that came; 0 for none.
  [[nodiscard]] int received() const { return received_; }
  /// The exit status that a shell reports after the signal: 130 for SIGINT, 143 for SIGTERM; 0 if none came.
  [[nodiscard]] int exit_status() const { return received_ == 0 ? 0 : 128 + received_; }

 private:
  std::stop_source stop_;
  std::atomic<int> received_{0};
  asio::thread_pool thread_{1};
  asio::signal_set signals_{thread_};
};

}  // namespace pocketmq::client
