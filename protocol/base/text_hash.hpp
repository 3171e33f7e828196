// A hash for tables whose keys are texts that a peer chooses: names, routing keys, headers, ids.
//
// std::hash has no secret key. So anybody can compute very many names with the same hash, and a table with these is one
// long list. This hash has a random key that never leaves the process.
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

/// Two texts have the same hash for very few keys only, and nobody can find such texts without the key. All bits are
/// well mixed. It is not a cryptographic hash: anybody who sees hashes may find out the key.
[[nodiscard]] std::uint64_t hash_text(std::string_view text, const TextHashKey& key);

/// `hash_text` with the key of this process, which comes from the system's random source. For hash tables only: no
/// order that a user sees may depend on it. Throws std::system_error if the system has no random bytes.
struct TextHash {
  using is_transparent = void;
  [[nodiscard]] std::size_t operator()(std::string_view text) const;
};

}  // namespace pocketmq::protocol
