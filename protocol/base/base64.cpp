#include "protocol/base/base64.hpp"

#include <array>
#include <cstdint>

namespace pocketmq::protocol {
namespace {

constexpr std::string_view base64_alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t no_digit = 64;

constexpr auto digit_values = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(no_digit);
  for (std::size_t i = 0; i < base64_alphabet.size(); ++i)
    values[static_cast<unsigned char>(base64_alphabet[i])] = static_cast<std::uint8_t>(i);
  return values;
}();

}  // namespace

void append_base64(std::string_view bytes, std::string& to) {
  to.reserve(to.size() + (bytes.size() + 2) / 3 * 4);
  for (; !bytes.empty(); bytes.remove_prefix(bytes.size() < 3 ? bytes.size() : 3)) {
    const auto byte = [&](std::size_t i) -> std::uint32_t {
      return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
    };
    const std::uint32_t group = (byte(0) << 16U) | (byte(1) << 8U) | byte(2);
    to += base64_alphabet[group >> 18U];
    to += base64_alphabet[(group >> 12U) & 63U];
    to += bytes.size() > 1 ? base64_alphabet[(group >> 6U) & 63U] : '=';
    to += bytes.size() > 2 ? base64_alphabet[group & 63U] : '=';
  }
}

bool append_from_base64(std::string_view text, std::string& to) {
  if (text.size() % 4 != 0) return false;
  const auto begin = to.size();
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  const auto digits = text.size() - padding;
  std::uint32_t group = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    const auto value = digit_values[static_cast<unsigned char>(text[i])];
    if (value == no_digit) {
      to.resize(begin);
      return false;
    }
    group = (group << 6U) | value;
    const auto bits_beyond_bytes = 6 - 2 * (i % 4);  // 6, 4, 2, 0: the bits of this digit that belong to the next byte
    if (i % 4 != 0) to += static_cast<char>(group >> bits_beyond_bytes);
  }
  // The bits of the last digit that belong to no byte must be zero.
  const std::uint32_t unused_bits = padding == 2 ? 0xFU : padding == 1 ? 0x3U : 0U;
  if ((group & unused_bits) != 0) {
    to.resize(begin);
    return false;
  }
  return true;
}

}  // namespace pocketmq::protocol
