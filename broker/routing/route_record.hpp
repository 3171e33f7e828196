// The way of a message through exchanges, as a search has found it, for the journal. It is recorded only while somebody
// listens to events of messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/context.hpp"
#include "broker/message/message.hpp"
#include "broker/queue/binding.hpp"
#include "broker/queue/queue.hpp"

namespace pocketmq::broker {

/// Is told each step of a search, for code that explains it. The references are valid until the function returns.
class RouteListener {
 public:
  /// A binding from the exchange matches. `key` is the message's key that matched if the message has several keys.
  virtual void on_binding(const Exchange& from, std::string_view key, const Binding& binding) = 0;
  /// The default exchange knows a queue of that name.
  virtual void on_queue_name(const Exchange& from, std::string_view key, const Queue& queue) = 0;
  /// No binding of the exchange matches, and it has an alternate exchange.
  virtual void on_alternate(const Exchange& from, const Exchange& alternate) = 0;

 protected:
  ~RouteListener() = default;
};

/// A list of steps. Callers add steps only if `is_wanted`.
class RouteRecord {
 public:
  /// Forgets the steps. `is_wanted`: whether steps are recorded from now on.
  void restart(bool is_wanted) {
    is_wanted_ = is_wanted;
    steps_.clear();
    count_ = bytes_ = 0;
  }
  /// Forgets the steps. Steps are recorded as before.
  void restart() { restart(is_wanted_); }
  [[nodiscard]] bool is_wanted() const { return is_wanted_ || listener_ != nullptr; }
  /// From now on the listener, which must outlive the record, is told the steps, and they are not kept.
  void pass_to(RouteListener& listener) { listener_ = &listener; }

  /// A binding from the exchange matches. `key` is the message's key that matched if the message has several keys;
  /// otherwise it is empty.
  void add_binding(const Exchange& exchange, std::string_view key, const Binding& binding);
  /// The default exchange knows a queue of that name.
  void add_queue_name(const Exchange& exchange, std::string_view key, const Queue& queue);
  /// No binding of the exchange matches, and it has an alternate exchange.
  void add_alternate(const Exchange& exchange, const Exchange& alternate);

  /// How many steps there are. Only the first ones are kept (`event::Bounds::list_elements`).
  [[nodiscard]] std::size_t count() const { return count_; }
  /// The steps that are kept, as views: they are valid as long as the record is not changed.
  [[nodiscard]] std::vector<event::Route> routes() const;
  /// About the bytes that the record takes.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Step {
    std::string exchange{};
    event::Via via{};
    std::string binding_key{};
    std::string arguments{};
    std::uint64_t left_out_bytes{0};  // of arguments that are too long for an event
    std::string key{};
    std::string to{};
    event::Target to_is{};
  };

  void add(Step step);

  bool is_wanted_{false};
  RouteListener* listener_{nullptr};
  std::vector<Step> steps_;
  std::size_t count_{0};
  std::size_t bytes_{0};
};

/// The queues that a message goes to, as the journal's events name them. The names are views.
struct RoutedTo {
  std::size_t count{0};
  std::vector<event::Text> names{};  // of the first ones; none unless somebody listens

  /// `queues` is a list of pointers. The queues must outlive the result.
  template <class Queues> static RoutedTo of(const Queues& queues, Context& context) {
    RoutedTo to{.count = queues.size()};
    if (!context.tells_messages()) return to;
    for (const auto& queue : queues) {
      if (to.names.size() == event::Bounds::list_elements) break;
      to.names.push_back(queue->name());
    }
    return to;
  }
};

// In these functions, `vhost` is the name of the virtual host.

/// Tells message.routed. If the message goes to no queue and is no direct reply, tells message.unroutable instead.
/// `direct_reply`: the message goes to a requester.
void tell_route(Context& context, std::string_view vhost, const Message& message, const RoutedTo& to,
                const RouteRecord& record, bool direct_reply = false);
/// Tells message.routed for a message that goes only to the queue whose name is its routing key. Call it only if
/// `context.tells_messages()`.
void tell_route_by_name(Context& context, const Message& message, const Queue& queue);
/// The message goes to no queue, and it is not returned. Tells the observer, and the journal: message.dropped with
/// stage `publish`.
void drop_at_publish(Context& context, std::string_view vhost, const Message& message, event::Dropped reason);

}  // namespace pocketmq::broker
