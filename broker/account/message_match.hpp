// Which message a test waits for, or asks for. What is not said is not compared.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/account/ledger_message.hpp"
#include "broker/core/budget.hpp"
#include "broker/request/json_match.hpp"
#include "broker/request/text_match.hpp"

namespace pocketmq::broker {

struct MessageMatch {
  std::optional<TextMatch> exchange{};
  std::optional<TextMatch> routing_key{};
  std::optional<TextMatch> queue{};  // that it is in, or has been in; with `state`, in which it is that
  /// Of a body that is longer than what the ledger keeps, only the beginning is looked at: it equals no text, and a
  /// pattern is looked for in the beginning.
  std::optional<TextMatch> body{};
  std::optional<JsonMatch> json{};        // the body, which is JSON and not longer than what the ledger keeps
  std::optional<JsonMatch> headers{};     // an object
  std::optional<JsonMatch> properties{};  // an object by names such as "correlation_id"; without headers
  std::optional<MessageState>
      state{};  // none: any. Not `published`, `returned`, `unroutable` or `replied` with `queue`

  /// The work is charged to the budget.
  [[nodiscard]] bool matches(const LedgerMessage& message, Budget& budget) const {
    return place_matches(message, budget) && content_matches(message, budget);
  }
  /// All but `queue` and `state`, which change while the message is there.
  [[nodiscard]] bool content_matches(const LedgerMessage& message, Budget& budget) const;
  /// `queue` and `state`.
  [[nodiscard]] bool place_matches(const LedgerMessage& message, Budget& budget) const;

  /// How many of them say something.
  [[nodiscard]] std::size_t criteria() const;
  /// In what the message is different, for people: "its body is '{"id":6}'". Empty if its content matches.
  [[nodiscard]] std::vector<std::string> differences(const LedgerMessage& message, Budget& budget) const;
  /// The match for people, after "message" or "messages": " for 'orders.paid' to exchange 'orders' that is acked".
  [[nodiscard]] std::string text() const;
};

/// A count for people: "1 message", "2 messages".
[[nodiscard]] inline std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " " + std::string{what} + (count == 1 ? "" : "s");
}

/// A body for people, in quotes: one line, and of a long one only the beginning.
[[nodiscard]] std::string shown_body(const LedgerMessage& message);

}  // namespace pocketmq::broker
