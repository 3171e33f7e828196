// The JSON framing (README.md, "The JSON framing"): a length, a header of one JSON object, and after an LF the body.
#pragma once

#include <optional>
#include <string>

#include "protocol/codec/codec.hpp"
#include "protocol/codec/incoming_body.hpp"
#include "protocol/codec/json_header.hpp"

namespace pocketmq::protocol {

class JsonCodec final : public Codec {
 public:
  using Codec::Codec;

  [[nodiscard]] Encoding encoding() const override { return Encoding::json; }
  [[nodiscard]] std::span<std::byte> prepare(InputBuffer& input) override;
  void commit(InputBuffer& input, std::size_t bytes) override;
  Decoded decode(InputBuffer& input, Command& into) override;
  [[nodiscard]] bool has_partial_content() const override { return pending_.has_value(); }
  [[nodiscard]] std::uint64_t missing_bytes(const InputBuffer& input) const override;
  void encode(const Command& command, Output& output) override;
  void encode_heartbeat(Output& output) override;

 private:
  // A command whose header was read and whose body is incomplete.
  struct Pending {
    Command command;
    std::uint64_t body_size;
    std::optional<IncomingBody> body{};    // empty while the body is completed in the buffer
    std::optional<MemoryCharge> charge{};  // of the memory that the command's views need until the body is complete
  };

  // Each step consumes what it has used. If it returns nothing, decoding continues.
  std::optional<Decoded> step_header(InputBuffer& input);
  Decoded step_body(InputBuffer& input, Command& into);
  Decoded wait_for_body();
  bool drop_body(InputBuffer& input);
  [[nodiscard]] bool reads_into_block() const;
  [[nodiscard]] std::uint64_t frame_max() const;

  std::size_t searched_{0};  // bytes of the frame that were searched for an LF
  JsonHeaderReader header_;
  std::optional<Pending> pending_;
  std::uint64_t drop_left_{0};  // bytes of a refused body that are still to come
  std::string encoded_;         // the header that is written; kept for its memory
};

}  // namespace pocketmq::protocol
