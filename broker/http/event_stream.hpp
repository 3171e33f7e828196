// Server-sent events (the HTML standard, section 9.2): a stream of text that browsers read with EventSource, and take
// up again where it broke off.
//
//     auto stream = std::make_shared<Stream>(responder.begin(event_stream()));
//     stream->write(text_of({.id = "17", .name = "enqueued", .data = line}));
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "broker/http/response.hpp"

namespace pocketmq::broker::http {

struct ServerEvent {
  std::string_view id{};    // the reader sends the last one it saw when it connects again; empty for none
  std::string_view name{};  // empty: "message"
  std::string_view data{};  // of any number of lines
};

/// What is sent for it. Line ends and NUL in id and name are left out.
[[nodiscard]] std::string text_of(const ServerEvent& event);

/// The head of such a response. A comment keeps it alive.
[[nodiscard]] ResponseHead event_stream();

/// The number that the reader saw last, of the header Last-Event-ID or, for a reader that connects for the first time,
/// the query's `last_event_id`. Nothing if there is none, or no number.
[[nodiscard]] std::optional<std::uint64_t> last_event_id(const Request& request);

}  // namespace pocketmq::broker::http
