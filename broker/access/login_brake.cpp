#include "broker/access/login_brake.hpp"

#include <iterator>

namespace pocketmq::broker {

bool LoginBrake::holds_back(std::string_view source, protocol::TimePoint now) {
  if (source.empty() || failures_max_ == 0) return false;
  auto& counted = find(source, now);
  if (counted.failures == failures_max_) return true;
  ++counted.failures;
  return false;
}

// Its window may have begun just now.
LoginBrake::Source& LoginBrake::find(std::string_view name, protocol::TimePoint now) {
  const auto forget_first = [this] {
    by_name_.erase(sources_.front().name);
    sources_.pop_front();
  };
  while (!sources_.empty() && sources_.front().window_ends <= now) forget_first();
  if (const auto known = by_name_.find(name); known != by_name_.end()) return *known->second;
  if (sources_.size() == sources_max) forget_first();
  auto& added = sources_.emplace_back(Source{.name = std::string{name}, .window_ends = now + window});
  by_name_.emplace(added.name, std::prev(sources_.end()));
  return added;
}

}  // namespace pocketmq::broker
