// AMQP 0-9-1's own encoding, in frames (2.3.5, 4.2). The codec assembles frames into whole commands, so no other code
// knows frames.
#pragma once

#include <unordered_map>

#include "protocol/codec/codec.hpp"
#include "protocol/codec/incoming_body.hpp"

namespace pocketmq::protocol {

/// The protocol header: a client sends it first (4.2.2), and a server sends it in reply to an unknown protocol.
inline constexpr std::string_view amqp_header{"AMQP\0\0\x09\x01", 8};

class AmqpCodec final : public Codec {
 public:
  using Codec::Codec;

  [[nodiscard]] Encoding encoding() const override { return Encoding::amqp; }
  [[nodiscard]] std::span<std::byte> prepare(InputBuffer& input) override;
  void commit(InputBuffer& input, std::size_t bytes) override;
  Decoded decode(InputBuffer& input, Command& into) override;
  [[nodiscard]] bool has_partial_content() const override { return !pending_.empty(); }
  [[nodiscard]] std::uint64_t missing_bytes(const InputBuffer& input) const override;
  void encode(const Command& command, Output& output) override;
  void encode_heartbeat(Output& output) override;

 private:
  struct FrameHeader {
    std::uint8_t type;
    std::uint16_t channel;
    std::uint32_t payload_size;
  };
  // The part of an incomplete content that has come, copied out of the buffer.
  struct PendingContent {
    std::string method;                  // the method frame's payload
    std::string properties;              // encoded
    std::string fault{};                 // what is wrong with the properties, if that is reported
    std::optional<IncomingBody> body{};  // empty until the content header has come
    MemoryCharge charge{};               // of everything except the body

    [[nodiscard]] MethodId about() const;
  };
  // The body frame that is being read piece by piece.
  struct OpenBodyFrame {
    PendingContent* content;
    std::uint16_t channel;
    std::size_t left;  // of the payload
  };

  // Each step consumes what it has used. If it returns nothing, decoding continues with the next frame.
  std::optional<Decoded> decode_frame(InputBuffer& input, Command& into);
  std::optional<Decoded> decode_body(InputBuffer& input, Command& into);
  std::optional<Decoded> check_frame(const FrameHeader& frame, std::string_view unread);
  std::optional<Decoded> handle_method(std::uint16_t channel, std::string_view payload, InputBuffer& rest,
                                       Command& into);
  std::optional<Decoded> handle_content_header(std::uint16_t channel, std::string_view payload, Command& into);
  std::optional<Decoded> finish_if_complete(std::uint16_t channel, PendingContent& content, Command& into);

  std::optional<Decoded> read_method(std::uint16_t channel, std::string_view payload, Command& into);
  /// Refuses a frame of the wrong kind. `content` is the incomplete content of its channel, or null.
  Decoded refuse_out_of_order(const PendingContent* content);
  // Whether the whole content lies in the input buffer.
  enum class InBuffer : std::uint8_t { no, not_yet, yes };
  InBuffer take_buffered_content(std::uint16_t channel, InputBuffer& input, Command& into);
  void charge(PendingContent& content) const;
  static char* encode_method(const Command& command, std::size_t bytes_behind, Output& output);
  void encode_body(std::uint16_t channel, const Content& content, Output& output) const;
  PendingContent* pending_on(std::uint16_t channel);
  [[nodiscard]] bool reads_into_block() const;
  [[nodiscard]] std::uint32_t payload_max() const;

  using Pending = std::unordered_map<std::uint16_t, PendingContent>;

  Pending pending_;  // by channel
  std::optional<OpenBodyFrame> open_body_;
  Pending::node_type last_content_;  // owns what the last command's views refer to, unless that is in the buffer
};

}  // namespace pocketmq::protocol
