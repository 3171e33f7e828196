#include "protocol/base/whole_number.hpp"

#include <charconv>
#include <system_error>

namespace pocketmq::protocol {

std::string fault_of_whole_number(std::string& text, std::uint64_t min, std::uint64_t max) {
  std::uint64_t number = 0;
  const auto* end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || parsed != end || number < min || number > max)
    return "wants a whole number from " + std::to_string(min) + " to " + std::to_string(max) + ", got '" + text + "'";
  text = std::to_string(number);
  return {};
}

}  // namespace pocketmq::protocol
