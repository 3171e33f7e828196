#include "protocol/base/random_source.hpp"

#include <algorithm>
#include <bit>
#include <set>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace pocketmq::protocol {
namespace {

std::string name_of(Bits128 bits) {
  std::string name;
  append_random_name(bits, name);
  return name;
}

TEST_CASE("a block is RFC 8439's") {
  ChaCha20Key key;  // the bytes 0, 1, ... 31
  for (std::uint32_t i = 0; i < key.size(); ++i) key[i] = 0x03020100U + 0x04040404U * i;
  // 2.3.2: the nonce is 00:00:00:09:00:00:00:4a:00:00:00:00, and the block's number 1.
  const std::vector<std::uint32_t> block{0xe4e7f110, 0x15593bd1, 0x1fdd0f50, 0xc47120a3, 0xc7f4d1c7, 0x0368c033,
                                         0x9aaa2204, 0x4e6cd4c3, 0x466482d2, 0x09aa9f07, 0x05d7c214, 0xa2028bd9,
                                         0xd19c12b5, 0xb94e16de, 0xe883d0cb, 0x4e3c50a2};
  // Blocks come four at a time: it is the second one from 0 on, and the first one from 1 on.
  const auto from_zero = chacha20_blocks(key, 0, {0x09000000, 0x4a000000, 0});
  const auto from_one = chacha20_blocks(key, 1, {0x09000000, 0x4a000000, 0});
  CHECK(std::equal(block.begin(), block.end(), from_zero.begin() + 16));
  CHECK(std::equal(block.begin(), block.end(), from_one.begin()));
  CHECK(std::equal(from_zero.begin() + 16, from_zero.end(), from_one.begin()));
}

TEST_CASE("two sources have nothing in common") {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 100; ++i) {
    RandomSource source;
    for (int j = 0; j < 100; ++j) seen.insert(source.bits64());
  }
  CHECK(seen.size() == 10'000);
}

TEST_CASE("each bit is set as often as not") {
  RandomSource source{1};
  std::vector<int> set(128);
  constexpr int draws = 10'000;
  for (int i = 0; i < draws; ++i) {
    const auto [high, low] = source.bits128();
    for (std::size_t bit = 0; bit < 64; ++bit) {
      set[bit] += static_cast<int>(high >> bit & 1U);
      set[bit + 64] += static_cast<int>(low >> bit & 1U);
    }
  }
  // Five standard deviations, of 50 each; the seed is fixed.
  CHECK(std::ranges::all_of(set, [](int times) { return times > draws / 2 - 250 && times < draws / 2 + 250; }));
}

TEST_CASE("a seed makes a source again, and another seed another one") {
  RandomSource one{1}, again{1}, other{2}, large{std::uint64_t{1} << 32U};
  for (int i = 0; i < 1'000; ++i) {
    const auto bits = one.bits128();
    CHECK(bits == again.bits128());
    CHECK_FALSE(bits == other.bits128());
    CHECK_FALSE(bits == large.bits128());
  }
}

TEST_CASE("a name has all 128 bits in base64url") {
  CHECK(name_of({}) == "AAAAAAAAAAAAAAAAAAAAAA");
  CHECK(name_of({~0ULL, ~0ULL}) == "_____________________w");
  CHECK(name_of({0x0011223344556677, 0x8899aabbccddeeff}) == "ABEiM0RVZneImaq7zN3u_w");
  std::set<std::string> names;
  for (unsigned bit = 0; bit < 64; ++bit) {
    names.insert(name_of({1ULL << bit, 0}));
    names.insert(name_of({0, 1ULL << bit}));
  }
  CHECK(names.size() == 128);
}

}  // namespace
}  // namespace pocketmq::protocol
