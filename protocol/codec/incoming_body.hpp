// A body on its way in, read piece by piece into a block of its own, which grows with what has come and not with what
// was announced.
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
  enum class Fate : bool { kept, dropped };

  /// Of a body that is kept, `headroom` bytes of its block stay free in front, and the block is charged to `account`,
  /// if there is one. One that is dropped is only counted.
  IncomingBody(std::uint64_t size_bytes, std::size_t headroom, Fate fate = Fate::kept, MemoryAccount* account = nullptr)
      : size_{size_bytes}, headroom_{headroom}, account_{account}, fate_{fate} {}

  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Bytes that have not come yet.
  [[nodiscard]] std::uint64_t left() const { return size_ - received_; }
  [[nodiscard]] bool is_dropped() const { return fate_ == Fate::dropped; }

  /// Room for at most `bytes` of what is left of a body that is kept, to be read to. Empty only if `bytes` is 0.
  [[nodiscard]] std::span<std::byte> prepare(std::uint64_t bytes);
  /// `bytes` were read to where `prepare` said.
  void commit(std::size_t bytes) { received_ += bytes; }
  /// Copies `bytes`, at most what is left, or counts them.
  void append(std::string_view bytes);

  /// Gives `content` the body that has come, with its block.
  void move_to(Content& content) &&;

 private:
  void reserve(std::size_t bytes);

  std::uint64_t size_;
  std::size_t headroom_;
  MemoryAccount* account_;
  std::uint64_t received_{0};
  Ref<Block> block_{};  // headroom, then the body
  Fate fate_;
};

/// Room in front of a body for what its owner puts there: its names and its properties, and what describes them.
[[nodiscard]] constexpr std::size_t body_headroom(std::size_t method_bytes, std::size_t properties_bytes) {
  constexpr std::size_t layout_room = 64;
  return layout_room + method_bytes + properties_bytes;
}

}  // namespace pocketmq::protocol
