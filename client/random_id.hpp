// Ids that no two objects, processes or machines are likely to share.
#pragma once

#include <cstdint>
#include <string>

namespace pocketmq::client {

/// Never 0. From any thread.
[[nodiscard]] std::uint64_t random_id();

/// `id` as 16 hex digits.
[[nodiscard]] std::string hex_id(std::uint64_t id);

[[nodiscard]] inline std::string random_hex_id() { return hex_id(random_id()); }

}  // namespace pocketmq::client
