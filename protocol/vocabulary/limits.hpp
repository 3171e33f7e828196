// Every bound of the protocol, in one place, with its unit.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pocketmq::protocol {

/// What becomes of a content whose properties are malformed.
enum class OnFault : std::uint8_t {
  refuse,  // it breaks the protocol: a broker's answer
  report,  // it is handed on with what could be read, and says so: one message does not end a client
};

struct Limits {
  /// An AMQP frame with its 8 bytes of overhead, as tuned; and the least that both sides must accept (2.3.5, 4.2.3).
  std::uint32_t frame_max_bytes = 131'072;
  static constexpr std::uint32_t frame_min_bytes = 4'096;
  /// Where a frame's size is not limited by the peer, our own still stay near this.
  static constexpr std::uint32_t frame_bytes_when_unlimited = 131'072;

  /// Encoded properties that fit into a content header's frame: 8 bytes of it are overhead, 12 are class, weight and
  /// body size.
  [[nodiscard]] constexpr std::uint32_t properties_max_bytes() const {
    return (frame_max_bytes == 0 ? frame_bytes_when_unlimited : frame_max_bytes) - 20;
  }

  /// A message's body. RabbitMQ's `max_message_size` is the same.
  std::uint64_t body_max_bytes = 134'217'728;

  /// A JSON frame's header, up to the LF. Whatever an AMQP content header can carry fits into one: a byte of properties
  /// becomes 9.5 bytes of JSON at most, in a table of nothing but `$boolean`s whose names are one byte and not UTF-8.
  std::uint32_t json_header_max_bytes = 1'310'720;

  /// An AMQP content header, where that is more than a frame may have: brokers do not split it, not even for a peer
  /// that negotiated less than its publisher.
  std::uint32_t content_header_max_bytes = 0;

  OnFault on_fault = OnFault::refuse;

  /// Tables and arrays inside a table, and objects and arrays inside a JSON header.
  std::uint32_t table_depth_max = 64;

  /// What is read at once, but for a large message. All that it causes is sent together, after the last of it.
  std::size_t input_at_once_bytes = 65'536;

  /// Output that waits for a peer: above the first mark it gets no more deliveries, above the second, which counts only
  /// what its own input caused, it is not read from.
  std::size_t output_deliver_bytes = 1'048'576;
  std::size_t output_answer_bytes = 8'388'608;
};

}  // namespace pocketmq::protocol
