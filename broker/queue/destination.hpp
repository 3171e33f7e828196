// What a binding leads to: a queue or an exchange. It knows the bindings to it, so that they are removed when it is
// deleted. That may take several turns. Until then searches skip them.
#pragma once

#include <cstdint>

#include "broker/queue/binding.hpp"

namespace pocketmq::broker {

class Exchange;
class Queue;

/// A search for the queues of a message, as a destination sees it: told what has been reached.
class Search {
 public:
  virtual void add(Queue& queue) = 0;
  virtual void add(Exchange& exchange) = 0;

 protected:
  ~Search() = default;
};

class Destination {
 public:
  [[nodiscard]] const BindingsToDestination& bindings_to() const { return bindings_to_; }
  /// Whether it has gone, and no message reaches it any more.
  [[nodiscard]] bool deleted() const { return reached_in_ == never_again; }

 protected:
  Destination() = default;
  ~Destination() = default;

  void mark_deleted() { reached_in_ = never_again; }

 private:
  friend class BindingTable;
  friend class Routing;

  static constexpr auto never_again = static_cast<std::uint64_t>(-1);

  /// Adds itself to what the search has reached.
  virtual void join(Search& search) = 0;

  BindingsToDestination bindings_to_;
  mutable std::uint64_t reached_in_{0};  // the latest search that got here
};

}  // namespace pocketmq::broker
