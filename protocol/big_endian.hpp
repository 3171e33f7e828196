// Integers in network byte order (AMQP 0-9-1, 4.2.5.1), read and written through bare pointers.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace pocketmq::protocol {

/// Reads `sizeof(Integer)` bytes at `from`.
template <std::unsigned_integral Integer> [[nodiscard]] constexpr Integer load_big_endian(const char* from) {
  Integer value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i)
    value = static_cast<Integer>((static_cast<std::uint64_t>(value) << 8U) | static_cast<unsigned char>(from[i]));
  return value;
}

/// Writes `sizeof(Integer)` bytes at `to`, and returns the place after them.
template <std::unsigned_integral Integer> constexpr char* store_big_endian(char* to, Integer value) {
  for (std::size_t i = 0; i < sizeof(Integer); ++i)
    to[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (8U * (sizeof(Integer) - 1 - i)));
  return to + sizeof(Integer);
}

}  // namespace pocketmq::protocol
