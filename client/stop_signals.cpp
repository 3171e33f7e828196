#include "client/stop_signals.hpp"

#include <system_error>

namespace pocketmq::client {

StopSignals::StopSignals(std::initializer_list<int> signals) {
  for (const int signal : signals) signals_.add(signal);
  signals_.async_wait([this](std::error_code error, int signal) {
    if (error) return;
    received_ = signal;
    std::error_code ignored;
    signals_.clear(ignored);
    stop_.request_stop();
  });
}

StopSignals::~StopSignals() {
  thread_.stop();
  thread_.join();  // its task uses the other members
}

}  // namespace pocketmq::client
