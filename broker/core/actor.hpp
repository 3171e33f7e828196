// Whose command the broker carries out. The journal tells it with what the command changes.
#pragma once

#include <cstdint>
#include <utility>

namespace pocketmq::broker {

/// The numbers of a connection and of its channel. Both are 0 if the broker acts by itself.
struct Actor {
  std::uint64_t connection{0};
  std::uint16_t channel{0};
};

/// As long as this exists, `current` is the given actor.
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
