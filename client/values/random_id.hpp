// Ids of traces, which are unlikely to repeat on any machine. They are not secret: one can be computed from another.
// Ids that give access come from protocol/base/random_source.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pocketmq::client {

/// Never 0. From any thread.
[[nodiscard]] std::uint64_t random_id();

inline constexpr std::size_t hex_id_size = 16;

/// Writes `id` as 16 hex digits to `to`, and returns their end.
char* write_hex_id(std::uint64_t id, char* to);

}  // namespace pocketmq::client
