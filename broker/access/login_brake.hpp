// Slows down those who try passwords: once very many log-ins from one place have failed within a while, each further
// one takes a moment, before anybody looks at its password. Honest and wrong ones may come from the same address: who
// has the right password waits as long and is let in, and who gives up before has learned nothing.
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

class LoginBrake {
 public:
  static constexpr std::chrono::seconds window{10};
  static constexpr std::chrono::seconds delay{1};
  static constexpr std::size_t sources_max = 1'024;  // then those that began first are forgotten

  /// So many failures in a window do not put the brake on; 0 for any number.
  explicit LoginBrake(unsigned failures_max) : failures_max_{failures_max} {}

  /// Whether a log-in from there is to wait for `delay` before it is looked at. `source` is empty for one that is not
  /// counted.
  [[nodiscard]] bool is_on(std::string_view source, protocol::TimePoint now);
  /// A log-in from there has failed.
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
  Sources sources_;  // the one whose window ends first is in front
  std::unordered_map<std::string_view, Sources::iterator, protocol::TextHash> by_name_;
};

}  // namespace pocketmq::broker
