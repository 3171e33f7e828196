// Server-sent events (the HTML standard, section 9.2): a stream of text that browsers read with EventSource. If the
// stream breaks off, they connect again and continue after the last event.
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

/// The text that is sent for the event. Line ends and NUL in id and name are left out.
[[nodiscard]] std::string text_of(const ServerEvent& event);

/// The head of a response that is an event stream. While there are no events, comments are sent to keep it alive.
[[nodiscard]] ResponseHead event_stream();

/// The number of the last event that the reader has seen: from the header Last-Event-ID or, if a reader connects for
/// the first time, from the query's `last_event_id`. Nothing if there is neither, or if it is not a number.
[[nodiscard]] std::optional<std::uint64_t> last_event_id(const Request& request);

}  // namespace pocketmq::broker::http
