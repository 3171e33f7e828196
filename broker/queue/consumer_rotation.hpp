// Decides which of a queue's consumers gets the next message: consumers of the highest priority first, and within a
// priority one after the other (round robin).
//
// Invariant: a consumer is willing or held. A consumer that could not take a message is held until it is resumed. So a
// consumer that cannot take messages costs nothing, and neither does a priority with only such consumers.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>

#include "broker/core/budget.hpp"

namespace pocketmq::broker {

class Consumer;

class ConsumerRotation {
 public:
  enum class Rule : std::uint8_t {
    all_in_turn,
    one_at_a_time  // x-single-active-consumer: the others wait until the active one has left
  };

  explicit ConsumerRotation(Rule rule) : rule_{rule} {}

  [[nodiscard]] std::size_t size() const { return size_; }
  /// One of the consumers; null if there is none.
  [[nodiscard]] Consumer* any() const;

  /// Calls `visit(const Consumer&)` for each consumer, in no particular order.
  void for_each(auto&& visit) const {
    for (const auto* consumer : held_) visit(*consumer);
    for (const auto& [priority, level] : willing_)
      for (const auto* consumer : level) visit(*consumer);
  }

  /// Adds the consumer at the end of its priority. The rotation refers to it until `leave`.
  void join(Consumer& consumer);
  void leave(Consumer& consumer);

  /// The consumer that gets the next message; it moves to the end of its priority. Null if no consumer can take a
  /// message, or if the budget is used up before one is found.
  [[nodiscard]] Consumer* next(Budget& budget);
  /// The reason why the consumer was held may be gone. Returns false if it was not held.
  bool resume(Consumer& consumer);

 private:
  // The willing consumers by priority. The first one is next.
  using Willing = std::map<std::int64_t, std::list<Consumer*>, std::greater<>>;

  void remove_if_empty(Willing::iterator level);
  [[nodiscard]] Consumer* first_willing() const;
  void hold(Consumer& consumer);

  const Rule rule_;
  Willing willing_{{0, {}}};  // priority 0 is always there, any other while it has consumers
  std::list<Consumer*> held_;
  Consumer* active_{nullptr};  // only with Rule::one_at_a_time
  std::size_t size_{0};
};

}  // namespace pocketmq::broker
