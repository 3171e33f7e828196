// Compares a normalized recording (normalized_recording.hpp) with a golden one: as a partial order, so that a test
// whose connections interleave differently compares equal.
//
// What has an order:
// - On a connection, what the client does: its commands, acks and publishes, as they arrived.
// - On a channel, what the broker sends: deliveries, in their order; confirms and returns, in theirs. How these mix
// with
//   the client's commands does not count, because the network decides it.
// - Within a message's life in a queue, all events. An ack comes after its delivery.
// Anything else has no order. The numbers in c1, m1, <q1>, ... need not be equal: one renaming has to fit all lines.
// Connections are told apart by their names and by what they do.
//
// In a golden, "<any>" matches any value, "<number>" a number, "<uuid>" a UUID, and "<time>" a time. Within a string,
// "<any>", "<number>" and "<uuid>" match a part: "order-<number>".
//
// A golden may begin with a line of options: {"recording":1, ...}.
// - "members": "all" (as it is written): an event may have no member that its golden line does not have. "listed" (also
//   of a golden without this line): members of an event, and its properties, may be left out of the golden.
// - "times": "ignored" (the default), or "compared" for a clock that a test moves.
// - "kinds": ["message.", "queue.declared"]: only events whose kinds begin so are compared. Default: all.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "broker/compare/comparison_limits.hpp"

namespace pocketmq::broker {

struct Difference {
  std::size_t golden_line{0};  // 0: the golden has no such line
  std::string text{};          // a sentence: "line 7: 'body.status' is \"paid\", not \"created\""
};

struct Comparison {
  std::vector<Difference> differences{};
  std::size_t left_out{0};  // differences beyond `differences_max`

  [[nodiscard]] bool is_equal() const { return differences.empty(); }
};

/// Throws ControlError::bad, which names the line, if the golden is malformed, or if one of them is too long.
[[nodiscard]] Comparison compare(std::string_view golden, std::string_view recording);

/// For people: one line for each difference; empty if there is none.
[[nodiscard]] std::string text_of(const Comparison& comparison);

}  // namespace pocketmq::broker
