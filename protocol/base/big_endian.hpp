// Integers in network byte order (AMQP 0-9-1, 4.2.5.1), read and written through bare pointers.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace pocketmq::protocol {

/// Reads `sizeof(Integer)` bytes at `from`.
template <std::unsigned_integral Integer> [[nodiscard]] constexpr Integer load_big_endian(const char* from) {
  constexpr auto size = sizeof(Integer);
  // Without a loop, the compiler makes it a single load.
  return [from]<std::size_t... i>(std::index_sequence<i...>) {
    return static_cast<Integer>((... | (std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * (size - 1 - i)))));
  }
  (std::make_index_sequence<size>{});
}

/// Writes `sizeof(Integer)` bytes at `to`, and returns the address after them.
template <std::unsigned_integral Integer> constexpr char* store_big_endian(char* to, Integer value) {
  constexpr auto size = sizeof(Integer);
  [ to, value ]<std::size_t... i>(std::index_sequence<i...>) {
    ((to[i] = static_cast<char>(std::uint64_t{value} >> (8 * (size - 1 - i)))), ...);
  }
  (std::make_index_sequence<size>{});
  return to + size;
}

}  // namespace pocketmq::protocol
