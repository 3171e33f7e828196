// The client for which the broker is working. The journal's events name the client whose command was their cause.
#pragma once

#include <cstdint>
#include <utility>

namespace pocketmq::broker {

/// The number of a connection, and the number of one of its channels; the latter is 0 for the connection as a whole.
/// Both are 0 if the broker acts by itself.
struct Actor {
  std::uint64_t connection{0};
  std::uint16_t channel{0};
};

/// Sets `current` to `actor`, and restores the previous value when it is destroyed.
class ActingFor {
 public:
  ActingFor(Actor& current, Actor actor) : current_{current}, previous_{std::exchange(current, actor)} {}
  ActingFor(const ActingFor&) = delete;
  ActingFor& operator=(const ActingFor&) = delete;
  ~ActingFor() { current_ = previous_; }

 private:
  Actor& current_;
  const Actor previous_;
};

}  // namespace pocketmq::broker
