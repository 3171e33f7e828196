#include "protocol/base/text_hash.hpp"

#include <cstring>

#include "protocol/base/random_source.hpp"

namespace pocketmq::protocol {
namespace {

constexpr std::size_t word_bytes = 8, block_bytes = 2 * word_bytes;

template <class Word> std::uint64_t word_at(const char* bytes) {
  Word word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// Combines both halves of the product. Each bit of a factor then changes about half of the bits of the result. wyhash
// uses the same function.
std::uint64_t folded_product(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const auto product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

// The last bytes of a text. In a text longer than a block, some of them may also be part of the last block.
struct Tail {
  std::uint64_t first{0};
  std::uint64_t second{0};
};

Tail tail_of(const char* bytes, std::size_t size) {
  const auto* const end = bytes + size;
  if (size > block_bytes) return {word_at<std::uint64_t>(end - block_bytes), word_at<std::uint64_t>(end - word_bytes)};
  if (size >= word_bytes) return {word_at<std::uint64_t>(bytes), word_at<std::uint64_t>(end - word_bytes)};
  constexpr std::size_t half_bytes = word_bytes / 2;
  if (size >= half_bytes) return {word_at<std::uint32_t>(bytes), word_at<std::uint32_t>(end - half_bytes)};
  if (size == 0) return {};
  const auto byte = [&](std::size_t i) { return static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])); };
  return {byte(0) << 16U | byte(size / 2) << 8U | byte(size - 1), 0};
}

}  // namespace

// Each factor is combined with a secret, so that nobody can choose a factor 0, which would cancel the other one. The
// size distinguishes texts whose words are read alike.
std::uint64_t hash_text(std::string_view text, const TextHashKey& key) {
  auto state = key.first;
  const auto* bytes = text.data();
  for (auto left = text.size(); left > block_bytes; left -= block_bytes, bytes += block_bytes)
    state =
        folded_product(word_at<std::uint64_t>(bytes) ^ key.second, word_at<std::uint64_t>(bytes + word_bytes) ^ state);
  const auto tail = tail_of(text.data(), text.size());
  state = folded_product(tail.first ^ key.second, tail.second ^ state);
  return folded_product(state ^ text.size(), key.second);
}

std::size_t TextHash::operator()(std::string_view text) const {
  static const auto key = [] {
    const auto drawn = RandomSource{}.bits128();
    return TextHashKey{drawn.high, drawn.low};
  }();
  return hash_text(text, key);
}

}  // namespace pocketmq::protocol
