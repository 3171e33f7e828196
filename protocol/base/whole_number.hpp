// Whole numbers as people write them: "8" and "08" are the same number; "0x8", "+8" and "8.0" are not accepted.
#pragma once

#include <cstdint>
#include <string>

namespace pocketmq::protocol {

/// What is wrong with `text` if it is not a whole number from `min` to `max`; empty if it is one. Leading zeros are
/// then removed from `text`, because other parsers read them as octal.
[[nodiscard]] std::string fault_of_whole_number(std::string& text, std::uint64_t min, std::uint64_t max);

}  // namespace pocketmq::protocol
