// What a binding leads to: a queue or an exchange. It knows its bindings, so that they are removed when it is deleted.
// The removal may take several turns. Until then searches skip them.
#pragma once

#include <cstdint>
#include <string>

#include "broker/events/reasons.hpp"
#include "broker/queue/binding.hpp"

namespace pocketmq::broker {

class Exchange;
class Queue;

/// A search for a message's queues, as a destination sees it.
class Search {
 public:
  virtual void add(Queue& queue) = 0;
  virtual void add(Exchange& exchange) = 0;

 protected:
  ~Search() = default;
};

class Destination {
 public:
  [[nodiscard]] virtual const std::string& name() const = 0;
  /// Whether it is a queue or an exchange.
  [[nodiscard]] virtual event::Target target() const = 0;
  [[nodiscard]] const BindingsToDestination& bindings_to() const { return bindings_to_; }
  /// Whether the destination was deleted. No message is routed to it then.
  [[nodiscard]] bool deleted() const { return last_search_ == deleted_mark; }

 protected:
  Destination() = default;
  ~Destination() = default;

  void mark_deleted() { last_search_ = deleted_mark; }

 private:
  friend class BindingTable;
  friend class Routing;

  static constexpr auto deleted_mark = static_cast<std::uint64_t>(-1);

  /// Adds the destination to the search's results.
  virtual void add_to(Search& search) = 0;

  BindingsToDestination bindings_to_;
  mutable std::uint64_t last_search_{0};  // the number of the last search that found it
};

}  // namespace pocketmq::broker
