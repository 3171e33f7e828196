#include "client/values/random_id.hpp"

#include <array>
#include <cstring>
#include <random>
#include <string_view>

#include "protocol/base/random_source.hpp"

namespace pocketmq::client {
namespace {

constexpr auto two_digits = [] {
  constexpr std::string_view digits{"0123456789abcdef"};
  std::array<std::array<char, 2>, 256> all{};
  for (std::size_t octet = 0; octet < all.size(); ++octet) all[octet] = {digits[octet >> 4U], digits[octet & 0xFU]};
  return all;
}();

}  // namespace

std::uint64_t random_id() {
  thread_local std::mt19937_64 numbers = [] {
    protocol::RandomSource source;
    return std::mt19937_64{source.bits64()};
  }();
  std::uint64_t id = 0;
  while (id == 0) id = numbers();
  return id;
}

char* write_hex_id(std::uint64_t id, char* to) {
  for (auto left = hex_id_size; left > 0; left -= 2, id >>= 8U)
    std::memcpy(to + left - 2, two_digits[id & 0xFFU].data(), 2);
  return to + hex_id_size;
}

}  // namespace pocketmq::client
