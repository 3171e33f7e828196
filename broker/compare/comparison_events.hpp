// The events of a normalized recording, and which of them have an order.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "broker/compare/comparison_values.hpp"

namespace pocketmq::broker {

/// Events that come one after the other wherever the recording was made.
struct Lane {
  enum class Of : std::uint8_t {
    commands,    // what a client does on a connection
    deliveries,  // to a channel
    confirms,    // and returns, to a channel
    notices,     // to a connection: blocked, unblocked, cancelled consumers
    publishes,   // by no client
    clock,
    life,  // of a message in a queue; told by the message's events, not by this lane
    none   // without an order
  };

  Of of{};
  std::string connection{};
  std::uint64_t channel{0};

  friend auto operator<=>(const Lane&, const Lane&) = default;
};

struct RecordedEvent {
  std::size_t line{0};
  std::shared_ptr<const nlohmann::ordered_json> json{};
  std::string kind{};
  std::string message{};  // empty if it is about none
  std::string parent{};   // of message.dead_letter
  std::string queue{};
  Lane lane{};

  /// Whose life has the event: a dead letter's first event belongs to its parent's.
  [[nodiscard]] const std::string& liver() const { return parent.empty() ? message : parent; }
  /// "message.acked of m1 in 'orders' on c2".
  [[nodiscard]] std::string text(const Renaming* renaming = nullptr) const;
};

struct ParsedRecording {
  ComparisonOptions options{};
  std::vector<RecordedEvent> events{};

  /// Indexes of events.
  using Indexes = std::vector<std::size_t>;
  [[nodiscard]] std::map<Lane, Indexes> lanes() const;
};

/// `what` names the text in errors: "the golden". Events of other kinds than `options.kinds` are left out. Throws
/// ControlError::bad.
[[nodiscard]] ParsedRecording parse_recording(std::string_view text, std::string_view what,
                                              const ComparisonOptions* options = nullptr);

}  // namespace pocketmq::broker
