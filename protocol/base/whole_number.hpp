// Whole numbers as people write them: "8" and "08" are the same one, and "0x8", "+8" and "8.0" are none.
#pragma once

#include <cstdint>
#include <string>

namespace pocketmq::protocol {

/// What is wrong with `text` where a whole number from `min` to `max` belongs; empty for nothing. It loses its leading
/// zeros then, which others take for a sign of octal digits.
[[nodiscard]] std::string fault_of_whole_number(std::string& text, std::uint64_t min, std::uint64_t max);

}  // namespace pocketmq::protocol
