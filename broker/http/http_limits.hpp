// Every bound of HTTP, in one place, with its unit.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pocketmq::broker::http {

struct HttpLimits {
  /// Request line and header fields of a request; also the bytes that may lie between two pieces of a chunked body.
  std::size_t header_max_bytes = 16'384;
  std::size_t header_fields_max = 100;
  /// A request's body. Definitions are the largest.
  std::uint64_t body_max_bytes = 16'777'216;
  /// Open connections. One more connection takes the place of the one that has waited longest for a request.
  std::size_t connection_max = 1'000;

  /// From the first byte of a request to the end of its header; for a new connection, from its beginning.
  std::chrono::milliseconds request_max{10'000};
  /// In each `request_max` a body has to bring this many bytes, or its rest. So a large body may take longer than a
  /// header.
  std::size_t body_progress_bytes = 65'536;
  /// How long a connection is kept between two requests.
  std::chrono::milliseconds idle_max{60'000};
  /// How long a reader may take none of the output.
  std::chrono::milliseconds unread_max{30'000};
  /// After this time without an event, an event stream gets a comment, so that nobody takes it for dead.
  std::chrono::milliseconds event_stream_idle{15'000};

  /// How much of a response is made ready ahead of its reader.
  std::size_t output_bytes = 65'536;
  /// How much the handler of a stream may write beyond that. A reader that is further behind is cut.
  std::size_t stream_behind_max_bytes = 1'048'576;
  /// Bodies of whole responses that wait for their readers, for all connections together. Small ones are always sent.
  std::size_t responses_max_bytes = 67'108'864;
  /// A response body of at most this size is sent even beyond `responses_max_bytes`. A request body of at most this
  /// size is read even if the request is refused.
  std::size_t small_bytes = 65'536;

  /// How many bytes are read at once.
  std::size_t input_at_once_bytes = 65'536;
};

}  // namespace pocketmq::broker::http
