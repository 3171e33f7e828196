// Slows down a client that guesses passwords. When a given number of log-ins from one address have failed within a time
// window, each further log-in from there waits one second before the broker checks its password. An honest client
// behind the same address waits as long and is then let in. A client that gives up before learns nothing.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "protocol/base/text_hash.hpp"
#include "protocol/end/connection_end.hpp"

namespace pocketmq::broker {

class LoginThrottle {
 public:
  static constexpr std::chrono::seconds window{10};
  static constexpr std::chrono::seconds delay{1};
  static constexpr std::size_t sources_max = 1'024;  // at this number, the address whose window ends first is forgotten

  /// The delay begins when an address has `failures_max` failures within one window. 0 turns the delay off.
  explicit LoginThrottle(unsigned failures_max) : failures_max_{failures_max} {}

  /// Whether a log-in from `source` has to wait for `delay` before its password is checked. `source` is empty for a
  /// log-in that is not counted.
  [[nodiscard]] bool must_wait(std::string_view source, protocol::TimePoint now);
  /// A log-in from `source` has failed.
  void count_failure(std::string_view source, protocol::TimePoint now);

 private:
  struct Source {
    std::string name;
    protocol::TimePoint window_ends;
    unsigned failures{0};
  };
  using Sources = std::list<Source>;

  void forget_old(protocol::TimePoint now);
  void forget_first();

  const unsigned failures_max_;
  Sources sources_;  // in the order in which their windows end
  std::unordered_map<std::string_view, Sources::iterator, protocol::TextHash> by_name_;
};

}  // namespace pocketmq::broker
