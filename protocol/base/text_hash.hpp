// A hash for tables whose keys are text that a peer chooses: names, routing keys, headers, ids.
//
// std::hash has no key, so anybody can compute very many names of one hash, and a table of these is one long list. This
// one has a key that is drawn at random and never leaves the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace pocketmq::protocol {

struct TextHashKey {
  std::uint64_t first{0};
  std::uint64_t second{0};
};

/// Any two texts have the same hash under very few keys only, and nobody who does not know the key can tell which texts
/// these are. All bits are good. It is no cryptographic hash: whoever sees hashes may learn the key.
[[nodiscard]] std::uint64_t hash_text(std::string_view text, const TextHashKey& key);

/// `hash_text` under the key of this process, which the system's random source gives: for hash tables. No order that
/// anybody sees may depend on it. Throws std::system_error if the system has no random bytes.
struct TextHash {
  using is_transparent = void;
  [[nodiscard]] std::size_t operator()(std::string_view text) const;
};

}  // namespace pocketmq::protocol
