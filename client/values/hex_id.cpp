#include "client/values/hex_id.hpp"

#include <array>
#include <cstring>
#include <string_view>

namespace pocketmq::client {
namespace {

constexpr auto two_digits = [] {
  constexpr std::string_view digits{"0123456789abcdef"};
  std::array<std::array<char, 2>, 256> all{};
  for (std::size_t octet = 0; octet < all.size(); ++octet) all[octet] = {digits[octet >> 4U], digits[octet & 0xFU]};
  return all;
}();

}  // namespace

char* write_hex_id(std::uint64_t id, char* to) {
  for (auto left = hex_id_size; left > 0; left -= 2, id >>= 8U)
    std::memcpy(to + left - 2, two_digits[id & 0xFFU].data(), 2);
  return to + hex_id_size;
}

}  // namespace pocketmq::client
