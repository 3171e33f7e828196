#include "protocol/base/chacha20.hpp"

#include <algorithm>

namespace pocketmq::protocol {
namespace {

constexpr int double_rounds = 10;

// The same word of four blocks, as a vector of GCC and Clang: one instruction works on all four.
using Words = std::uint32_t __attribute__((vector_size(chacha20_blocks_at_once * sizeof(std::uint32_t))));
using State = std::array<Words, chacha20_block_words>;

constexpr Words in_all_blocks(std::uint32_t word) { return Words{word, word, word, word}; }

template <int bits> Words rotate_left(Words words) { return (words << bits) | (words >> (32 - bits)); }

[[gnu::always_inline]] inline void quarter_round(Words& a, Words& b, Words& c, Words& d) {
  a += b;
  d = rotate_left<16>(d ^ a);
  c += d;
  b = rotate_left<12>(b ^ c);
  a += b;
  d = rotate_left<8>(d ^ a);
  c += d;
  b = rotate_left<7>(b ^ c);
}

}  // namespace

ChaCha20Blocks chacha20_blocks(const ChaCha20Key& key, std::uint32_t counter, const ChaCha20Nonce& nonce) {
  State first{in_all_blocks(0x61707865), in_all_blocks(0x3320646e), in_all_blocks(0x79622d32),
              in_all_blocks(0x6b206574)};
  std::ranges::transform(key, first.begin() + 4, in_all_blocks);
  first[12] = in_all_blocks(counter) + Words{0, 1, 2, 3};
  std::ranges::transform(nonce, first.begin() + 13, in_all_blocks);

  auto s = first;
  for (int i = 0; i < double_rounds; ++i) {
    quarter_round(s[0], s[4], s[8], s[12]);
    quarter_round(s[1], s[5], s[9], s[13]);
    quarter_round(s[2], s[6], s[10], s[14]);
    quarter_round(s[3], s[7], s[11], s[15]);
    quarter_round(s[0], s[5], s[10], s[15]);
    quarter_round(s[1], s[6], s[11], s[12]);
    quarter_round(s[2], s[7], s[8], s[13]);
    quarter_round(s[3], s[4], s[9], s[14]);
  }

  ChaCha20Blocks blocks;
  for (std::size_t word = 0; word < chacha20_block_words; ++word) {
    const auto sum = s[word] + first[word];
    for (std::size_t block = 0; block < chacha20_blocks_at_once; ++block)
      blocks[block * chacha20_block_words + word] = sum[block];
  }
  return blocks;
}

}  // namespace pocketmq::protocol
