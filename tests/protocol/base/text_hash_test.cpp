#include "protocol/base/text_hash.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using protocol::hash_text;
using protocol::TextHashKey;

constexpr TextHashKey any_key{0x9E3A'51C0'77D4'B82F, 0x2C8D'F716'0B4E'93A5};

// Numbers as text, in the order of their hashes.
std::vector<std::string> in_order_under(const TextHashKey& key) {
  std::vector<std::string> texts;
  for (int i = 0; i < 100; ++i) texts.push_back(std::to_string(i));
  std::ranges::sort(texts, {}, [&](const std::string& text) { return hash_text(text, key); });
  return texts;
}

// How full the fullest of that many buckets is, by the lowest bits.
std::size_t fullest_of(const std::vector<std::string>& texts, std::size_t buckets) {
  std::vector<std::size_t> fill(buckets);
  for (const auto& text : texts) ++fill[hash_text(text, any_key) % buckets];
  return std::ranges::max(fill);
}

// Texts of 16 bytes that all have the same std::hash with libstdc++: MurmurHash64A under a fixed seed, each step of
// which can be undone. The first 8 bytes may be anything, and the others bring about the hash.
std::vector<std::string> of_one_std_hash(std::size_t count) {
  constexpr std::uint64_t factor = 0xC6A4'A793'5BD1'E995, seed = 0xC70F'6907, any_hash = 0x0123'4567'89AB'CDEF;
  auto inverse = factor;  // right in the lowest 3 bits, and in twice as many after each step
  for (int i = 0; i < 5; ++i) inverse *= 2 - factor * inverse;
  const auto shifted = [](std::uint64_t bits) { return bits ^ bits >> 47U; };  // undoes itself
  const auto mixed = [&](std::uint64_t block) { return shifted(block * factor) * factor; };
  const auto unmixed = [&](std::uint64_t block) { return shifted(block * inverse) * inverse; };
  std::vector<std::string> texts;
  for (std::uint64_t first = 0; first < count; ++first) {
    const auto state = ((seed ^ 16 * factor) ^ mixed(first)) * factor;
    const auto wanted = shifted(shifted(any_hash) * inverse) * inverse;
    const std::array blocks{first, unmixed(state ^ wanted)};
    std::string text(sizeof blocks, '\0');
    std::memcpy(text.data(), blocks.data(), sizeof blocks);
    texts.push_back(std::move(text));
  }
  return texts;
}

}  // namespace

TEST_CASE("each key gives texts an order of its own") {
  std::set<std::vector<std::string>> orders;
  for (std::uint64_t i = 0; i < 64; ++i) {
    orders.insert(in_order_under({any_key.first ^ std::uint64_t{1} << i, any_key.second}));
    orders.insert(in_order_under({any_key.first, any_key.second ^ std::uint64_t{1} << i}));
  }
  CHECK(orders.size() == 128);
}

TEST_CASE("a text's hash depends on each of its bits and on its length") {
  std::set<std::uint64_t> hashes;
  std::size_t texts = 0;
  const auto add = [&](const std::string& text) {
    hashes.insert(hash_text(text, any_key));
    ++texts;
  };
  for (std::size_t size = 0; size <= 64; ++size) {
    std::string text(size, '\0');
    add(text);
    for (auto& byte : text)
      for (unsigned bit = 0; bit < 8; ++bit) {
        byte = static_cast<char>(1U << bit);
        add(text);
        byte = '\0';
      }
  }
  CHECK(hashes.size() == texts);
}

TEST_CASE("texts that are alike fill buckets evenly") {
  std::vector<std::string> texts;
  const auto* const before = GENERATE("", "q", "a-long-name-before-the-number-");
  for (int i = 0; i < 4'096; ++i) texts.push_back(before + std::to_string(i));
  CHECK(fullest_of(texts, 4'096) <= 12);
  CHECK(fullest_of(texts, 64) <= 128);
}

TEST_CASE("texts of one std::hash fill buckets evenly") {
  const auto texts = of_one_std_hash(4'096);
#ifdef __GLIBCXX__
  CHECK(std::hash<std::string>{}(texts.front()) == std::hash<std::string>{}(texts.back()));
#endif
  CHECK(fullest_of(texts, 4'096) <= 12);
  CHECK(fullest_of(texts, 64) <= 128);
}

TEST_CASE("the process has one key") {
  CHECK(protocol::TextHash{}("name") == protocol::TextHash{}(std::string{"name"}));
  CHECK(protocol::TextHash{}("name") != hash_text("name", {}));
}

}  // namespace pocketmq::tests
