#include "broker/access/login_throttle.hpp"

#include <iterator>

namespace pocketmq::broker {

bool LoginThrottle::must_wait(std::string_view source, protocol::TimePoint now) {
  forget_old(now);
  const auto known = by_name_.find(source);
  return known != by_name_.end() && known->second->failures >= failures_max_;
}

void LoginThrottle::count_failure(std::string_view source, protocol::TimePoint now) {
  if (source.empty() || failures_max_ == 0) return;
  forget_old(now);
  if (const auto known = by_name_.find(source); known != by_name_.end()) {
    ++known->second->failures;
    return;
  }
  if (sources_.size() == sources_max) forget_first();
  auto& added = sources_.emplace_back(Source{.name = std::string{source}, .window_ends = now + window, .failures = 1});
  by_name_.emplace(added.name, std::prev(sources_.end()));
}

void LoginThrottle::forget_old(protocol::TimePoint now) {
  while (!sources_.empty() && sources_.front().window_ends <= now) forget_first();
}

void LoginThrottle::forget_first() {
  by_name_.erase(sources_.front().name);
  sources_.pop_front();
}

}  // namespace pocketmq::broker
