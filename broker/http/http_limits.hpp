// Every bound of HTTP, in one place, with its unit.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace pocketmq::broker::http {

struct HttpLimits {
  /// Request line and header fields of a request; also what may lie between two pieces of a chunked body.
  std::size_t header_max_bytes = 16'384;
  std::size_t header_fields_max = 100;
  /// A request's body. Definitions are the largest.
  std::uint64_t body_max_bytes = 16'777'216;
  /// Open connections. One more takes the place of the one that has waited longest for a request.
  std::size_t connection_max = 1'000;

  /// From the first byte of a request to the end of its header; for a new connection, from its begin.
  std::chrono::milliseconds request_max{10'000};
  /// In each `request_max` a body has to bring so many bytes, or its rest: a large one may take longer than a header.
  std::size_t body_progress_bytes = 65'536;
  /// How long a connection is kept between two requests.
  std::chrono::milliseconds idle_max{60'000};
  /// How long a reader may take nothing of what is sent to it.
  std::chrono::milliseconds unread_max{30'000};
  /// An event stream on which nothing happens gets a comment each time, so that nobody takes it for dead.
  std::chrono::milliseconds event_stream_idle{15'000};

  /// What of a response is made ready ahead of its reader.
  std::size_t output_bytes = 65'536;
  /// What the handler of a stream may write beyond that; a reader who is further behind is cut.
  std::size_t stream_behind_max_bytes = 1'048'576;
  /// Bodies of whole responses that wait for their readers, of all connections together. Small ones are always sent.
  std::size_t responses_max_bytes = 67'108'864;
  /// A response or a request body that costs nobody anything.
  std::size_t small_bytes = 65'536;

  /// What is read at once.
  std::size_t input_at_once_bytes = 65'536;
};

}  // namespace pocketmq::broker::http
