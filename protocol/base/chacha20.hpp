// ChaCha20's block function (RFC 8439, 2.3), from which random numbers are made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace pocketmq::protocol {

using ChaCha20Key = std::array<std::uint32_t, 8>;
using ChaCha20Nonce = std::array<std::uint32_t, 3>;

inline constexpr std::size_t chacha20_block_words = 16;
inline constexpr std::size_t chacha20_blocks_at_once = 4;
using ChaCha20Blocks = std::array<std::uint32_t, chacha20_block_words * chacha20_blocks_at_once>;

/// Four consecutive blocks of the key stream, beginning with number `counter`. The words are those of the RFC, which
/// reads words from bytes as little-endian.
[[nodiscard]] ChaCha20Blocks chacha20_blocks(const ChaCha20Key& key, std::uint32_t counter, const ChaCha20Nonce& nonce);

}  // namespace pocketmq::protocol
