// An incomplete body. It is read piece by piece into a block, which grows with the bytes that have come, not with the
// size that was announced.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "protocol/base/block.hpp"
#include "protocol/vocabulary/command.hpp"

namespace pocketmq::protocol {

class IncomingBody {
 public:
  enum class Mode : bool { kept, dropped };

  /// A body that is kept leaves `headroom` bytes free at the block's start, and charges the block to `account`, if that
  /// is not null. A body that is dropped is only counted.
  IncomingBody(std::uint64_t size_bytes, std::size_t headroom, Mode mode = Mode::kept, MemoryAccount* account = nullptr)
      : size_{size_bytes}, headroom_{headroom}, account_{account}, mode_{mode} {}

  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// The bytes that are missing.
  [[nodiscard]] std::uint64_t left() const { return size_ - received_; }
  [[nodiscard]] bool is_dropped() const { return mode_ == Mode::dropped; }

  /// Room to read up to `bytes` of a kept body to. `bytes` is at most `left()`. Empty only if `bytes` is 0.
  [[nodiscard]] std::span<std::byte> prepare(std::uint64_t bytes);
  /// `bytes` were read to where `prepare` said.
  void commit(std::size_t bytes) { received_ += bytes; }
  /// Copies the bytes, or counts them if the body is dropped. They are at most `left()`.
  void append(std::string_view bytes);

  /// Moves the body and its block to `content`.
  void move_to(Content& content) &&;

 private:
  void reserve(std::size_t bytes);

  std::uint64_t size_;
  std::size_t headroom_;
  MemoryAccount* account_;
  std::uint64_t received_{0};
  Ref<Block> block_{};  // headroom, then the body
  Mode mode_;
};

/// The room in front of a body that a broker's message needs for its names, its properties and their layout.
[[nodiscard]] constexpr std::size_t body_headroom(std::size_t method_bytes, std::size_t properties_bytes) {
  constexpr std::size_t layout_room = 64;
  return layout_room + method_bytes + properties_bytes;
}

}  // namespace pocketmq::protocol
