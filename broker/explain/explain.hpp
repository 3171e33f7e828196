// The way that a message would take, without publishing it: which bindings match, which do not and why, and which come
// nearest. It is the broker's own search (Router::dry_run), so it cannot disagree with what a publish does. Nothing is
// changed, and no event is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/budget.hpp"
#include "broker/events/reasons.hpp"
#include "broker/explain/explain_miss.hpp"

namespace pocketmq::broker {

class VirtualHost;

struct ExplainRequest {
  std::string exchange{};
  std::string routing_key{};
  std::string headers{};  // the message's header table, encoded; with CC and BCC, if it has them
};

struct ExplainLimits {
  static constexpr std::int64_t steps = 200'000;  // of work: about 4 ms
  static constexpr std::size_t bindings_of_a_step_max =
      50;                                           // that are listed: first those that match, then the nearest
  static constexpr std::size_t exchanges_max = 32;  // of which bindings are listed
  static constexpr std::size_t queues_max = 64;     // that are named
  static constexpr std::size_t nearest_max = 5;
};

struct Explanation {
  enum class Outcome : std::uint8_t {
    routed,
    unroutable,  // no queue was found
    refused,     // a publish would be refused: the exchange is unknown or internal, or the headers are invalid
    unfinished   // the search was stopped, because it takes too long
  };

  /// A binding, or for the default exchange a queue's name.
  struct Binding {
    std::string binding_key{};
    std::string arguments{};  // an encoded table
    std::string to{};
    event::Target to_is{};
    bool matches{false};
    std::string key{};  // which of the message's keys matches, or comes nearest, if it has several (CC, BCC)
    Miss miss{};        // if it does not match
  };
  /// One exchange on the way.
  struct Step {
    std::string exchange{};  // empty for the default exchange
    std::string type{};
    std::size_t binding_count{0};
    std::size_t match_count{0};
    std::vector<Binding> bindings{};         // the first ones match; then those that come nearest
    std::optional<std::string> alternate{};  // if the exchange has one
    bool goes_to_alternate{false};           // nothing matched, and the alternate exchange exists
  };
  struct NearMiss {
    std::string exchange{};  // the binding's
    Binding binding{};
  };

  Outcome outcome{};
  std::string refusal{};  // why, if it would be refused: a sentence
  std::string exchange{};
  std::string type{};  // of that exchange; empty if it is unknown
  std::string routing_key{};
  std::size_t queue_count{0};
  std::vector<std::string> queues{};  // sorted
  std::vector<Step> steps{};          // in the order of the search
  std::vector<NearMiss> nearest{};    // the nearest first. Of an unknown exchange: exchanges with similar names
  std::vector<std::string> notes{};   // what was left out because it is too much, and what is worth knowing
};

/// Charges the budget with what it takes: at most `ExplainLimits::steps`, also if the budget has less left. The virtual
/// host is not changed. (Searches mark what they find, so it cannot be const.)
[[nodiscard]] Explanation explain(VirtualHost& virtual_host, const ExplainRequest& request, Budget& budget);

/// For people: "orders.created to exchange 'orders' (topic): no binding matched", and below it lines that begin with
/// three spaces: the bindings that matched, near misses, and notes. Without a line end at its end.
[[nodiscard]] std::string text_of(const Explanation& explanation);
/// Only the near misses: "nearest: 'order.*' -> queue 'billing': word 1 is 'orders', not 'order'".
[[nodiscard]] std::vector<std::string> nearest_lines_of(const Explanation& explanation);

}  // namespace pocketmq::broker
