// Ids that no two objects, processes or machines are likely to share: of traces, which everybody may see. They can be
// computed from one another; what gives access comes from protocol/base/random_source.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pocketmq::client {

/// Never 0. From any thread.
[[nodiscard]] std::uint64_t random_id();

inline constexpr std::size_t hex_id_size = 16;

/// Writes `id` as 16 hex digits to where there is room for them, and returns their end.
char* write_hex_id(std::uint64_t id, char* to);

}  // namespace pocketmq::client
