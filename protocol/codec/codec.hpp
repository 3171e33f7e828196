// The interface of an encoding: bytes to commands and commands to bytes.
//
// A codec checks the form of a command, not whether the peer may send it. It refuses what is malformed or too large,
// and hands on everything well-formed. It never throws on input. The commands do not depend on how the bytes are split
// into reads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "protocol/codec/input_buffer.hpp"
#include "protocol/codec/output.hpp"
#include "protocol/vocabulary/command.hpp"
#include "protocol/vocabulary/encoding.hpp"
#include "protocol/vocabulary/limits.hpp"

namespace pocketmq::protocol {

enum class Decoded : std::uint8_t {
  need_more,  // there is no whole command or heartbeat
  command,    // a whole command was written to `into`
  heartbeat,
  violation,  // see `violation()`; do not decode again
};

class Codec {
 public:
  /// Incomplete contents are charged to `account`, if it is not null. The account must outlive the codec.
  explicit Codec(const Limits& limits, MemoryAccount* account = nullptr) : limits_{limits}, account_{account} {}
  virtual ~Codec() = default;

  [[nodiscard]] virtual Encoding encoding() const = 0;

  /// Where to read the next bytes to: usually the buffer, for a large body the body's own block. Never empty.
  [[nodiscard]] virtual std::span<std::byte> prepare(InputBuffer& input) { return input.prepare(); }
  /// `bytes` bytes were read to where `prepare` said.
  virtual void commit(InputBuffer& input, std::size_t bytes) { input.commit(bytes); }

  /// Decodes the next command or heartbeat and consumes its bytes. The command's views are valid until the next
  /// `decode()` or `prepare()`.
  virtual Decoded decode(InputBuffer& input, Command& into) = 0;
  /// Whether a command's content is incomplete and kept in the codec.
  [[nodiscard]] virtual bool has_partial_content() const = 0;
  /// How many announced bytes are missing: of the contents that have begun, and of the incomplete frame in `input`. A
  /// frame at the end of `input` may be counted as if a part of it were missing.
  [[nodiscard]] virtual std::uint64_t missing_bytes(const InputBuffer& input) const = 0;
  /// Why `decode` returned `violation`.
  [[nodiscard]] const Violation& violation() const { return violation_; }

  /// Writes the whole command. The body is split to the peer's frame size. Texts must fit their wire types.
  virtual void encode(const Command& command, Output& output) = 0;
  virtual void encode_heartbeat(Output& output) = 0;

  /// Sets the negotiated frame size (tune-ok) for both directions: bytes with overhead, 0 for no limit.
  void tune_frame_max(std::uint32_t bytes) { limits_.frame_max_bytes = bytes; }
  /// Sets the size limit of a JSON header.
  void limit_json_header(std::uint32_t bytes) { limits_.json_header_max_bytes = bytes; }
  [[nodiscard]] const Limits& limits() const { return limits_; }

 protected:
  [[nodiscard]] MemoryAccount* account() const { return account_; }
  Decoded refuse(ReplyCode code, std::string text, MethodId about = {0, 0, {}}) {
    violation_ = {code, std::move(text), about.class_id, about.method_id};
    return Decoded::violation;
  }

 private:
  Limits limits_;
  MemoryAccount* account_;
  Violation violation_;
};

/// Bodies of this size and larger ones are sent from their block; smaller ones are copied.
inline constexpr std::size_t borrow_min_bytes = 4'096;

/// If less of a body is missing, reading it through the buffer is faster than reading it into its block.
inline constexpr std::size_t direct_read_min_bytes = 16'384;

}  // namespace pocketmq::protocol
