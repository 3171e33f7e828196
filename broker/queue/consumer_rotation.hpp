// Whose turn it is: a queue's consumers, the highest priority first, and within a priority one after the other.
//
// Invariant: a consumer is willing or held. It is held when it could not take a message, until it is resumed; so a
// consumer that cannot take costs nothing, and a priority that only such have costs nothing either.
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
  /// One of them; null if there is none.
  [[nodiscard]] Consumer* any() const;

  /// Joins at the end. It is referred to until it leaves.
  void join(Consumer& consumer);
  void leave(Consumer& consumer);

  /// The consumer that takes the next message; its turn is over with that. Null if none can take one, or if the budget
  /// is used up before one is found that can.
  [[nodiscard]] Consumer* next(Budget& budget);
  /// What held the consumer may have gone. False if it was not held.
  bool resume(Consumer& consumer);

 private:
  // By priority, those who may be able to take a message; the first is next.
  using Willing = std::map<std::int64_t, std::list<Consumer*>, std::greater<>>;

  void remove_if_empty(Willing::iterator level);
  [[nodiscard]] Consumer* first_willing() const;
  void hold(Consumer& consumer);

  const Rule rule_;
  Willing willing_{{0, {}}};  // level 0, the usual one, is always there, any other while it has consumers
  std::list<Consumer*> held_;
  Consumer* active_{nullptr};  // with one at a time
  std::size_t size_{0};
};

}  // namespace pocketmq::broker
