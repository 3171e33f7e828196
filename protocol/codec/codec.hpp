// One encoding of the vocabulary: bytes to commands and commands to bytes.
//
// A codec checks form, not permission: it refuses what is malformed or too large, and hands on what is well-formed.
// It never throws on input, and any split of the same bytes gives the same commands.
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
  need_more,  // the bytes so far end inside a frame, or between two
  command,    // a whole command was written to `into`
  heartbeat,
  violation,  // see `violation()`; decode no more
};

class Codec {
 public:
  /// What has come of a content that is not whole yet is charged to `account`, if there is one; it must outlive the
  /// codec.
  explicit Codec(const Limits& limits, MemoryAccount* account = nullptr) : limits_{limits}, account_{account} {}
  virtual ~Codec() = default;

  [[nodiscard]] virtual Encoding encoding() const = 0;

  /// Where to read to next: usually the buffer, for a large body its own block. Never empty.
  [[nodiscard]] virtual std::span<std::byte> prepare(InputBuffer& input) { return input.prepare(); }
  /// `bytes` were read to where `prepare` said.
  virtual void commit(InputBuffer& input, std::size_t bytes) { input.commit(bytes); }

  /// Consumes what it can. A command's views are valid until the next `decode()` or `prepare()`.
  virtual Decoded decode(InputBuffer& input, Command& into) = 0;
  /// Whether a command's content has come in part, and is kept for the rest.
  [[nodiscard]] virtual bool has_begun_content() const = 0;
  /// Bytes that were announced and have not come: of the contents that have begun, and of the frame whose begin is in
  /// `input`. Of what `input` ends with it may count a part as if it had not come.
  [[nodiscard]] virtual std::uint64_t left_to_come(const InputBuffer& input) const = 0;
  /// Why `decode` said `violation`.
  [[nodiscard]] const Violation& violation() const { return violation_; }

  /// Writes the whole command, its body split as the peer wants it. Texts must fit their wire types.
  virtual void encode(const Command& command, Output& output) = 0;
  virtual void encode_heartbeat(Output& output) = 0;

  /// The frame size agreed on, AMQP's `tune-ok`: bytes with overhead, 0 for no limit. From now on for both directions.
  void tune_frame_max(std::uint32_t bytes) { limits_.frame_max_bytes = bytes; }
  /// A JSON header is at most that long from now on.
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

/// Bodies from this size on are sent from where they lie; smaller ones are copied.
inline constexpr std::size_t borrow_min_bytes = 4'096;

/// Below this much left of a body, one more read through the buffer is cheaper than one of its own.
inline constexpr std::size_t direct_read_min_bytes = 16'384;

}  // namespace pocketmq::protocol
