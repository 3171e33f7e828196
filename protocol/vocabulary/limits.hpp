// All limits of the protocol, with their units.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pocketmq::protocol {

/// What a codec does with a content whose properties are malformed.
enum class OnFault : std::uint8_t {
  refuse,  // a violation, which ends the connection; for brokers
  report,  // hands on what could be read, with a fault; for clients, so that one message does not end the connection
};

struct Limits {
  /// The negotiated size of an AMQP frame, with its 8 bytes of overhead; and the least that both sides must accept
  /// (2.3.5, 4.2.3).
  std::uint32_t frame_max_bytes = 131'072;
  static constexpr std::uint32_t frame_min_bytes = 4'096;
  /// The size of our own frames if the peer sets no limit.
  static constexpr std::uint32_t frame_bytes_when_unlimited = 131'072;

  /// The bytes of encoded properties that fit into a content header's frame. Of the frame, 8 bytes are overhead and 12
  /// are class, weight and body size.
  [[nodiscard]] constexpr std::uint32_t properties_max_bytes() const {
    return (frame_max_bytes == 0 ? frame_bytes_when_unlimited : frame_max_bytes) - 20;
  }

  /// A message's body. RabbitMQ's `max_message_size` has the same default.
  std::uint64_t body_max_bytes = 134'217'728;

  /// A JSON frame's header, up to the LF. All properties that fit into an AMQP content header fit into it as JSON: one
  /// byte of properties becomes at most 9.5 bytes of JSON, in a table of `$boolean`s whose names are one byte that is
  /// not UTF-8.
  std::uint32_t json_header_max_bytes = 1'310'720;

  /// An AMQP content header, if this is more than the frame size. Brokers do not split content headers, not even for a
  /// consumer that negotiated smaller frames than the publisher.
  std::uint32_t content_header_max_bytes = 0;

  /// The JSON values in a JSON frame's header, so that decoding them takes less than 10 ms (a value takes up to 0.7
  /// us); 0 for no limit. It applies to what is read. A broker writes headers with any number of values, so its clients
  /// read with 0.
  std::uint32_t json_values_max = 10'000;

  OnFault on_fault = OnFault::refuse;

  /// How deep tables and arrays may be nested in a table, and objects and arrays in a JSON header.
  std::uint32_t table_depth_max = 64;

  /// How many bytes are read in one turn, except of a large message. All output that they cause is sent together.
  std::size_t input_at_once_bytes = 65'536;

  /// Bytes of output that wait for a peer. Above the first limit the peer gets no more deliveries. The second limit
  /// counts replies to the peer's own input only; above it nothing is read from the peer.
  std::size_t output_deliver_bytes = 1'048'576;
  std::size_t output_answer_bytes = 8'388'608;
};

}  // namespace pocketmq::protocol
