// Ids as hex digits, as in traces.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pocketmq::client {

inline constexpr std::size_t hex_id_size = 16;

/// Writes `id` as 16 hex digits to `to`, and returns their end.
char* write_hex_id(std::uint64_t id, char* to);

}  // namespace pocketmq::client
