// Random numbers that nobody can guess, for names that give access to whoever knows them: server-named queues, reply
// addresses, correlation ids.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "protocol/base/chacha20.hpp"

namespace pocketmq::protocol {

/// As many as a name needs so that it cannot be guessed.
struct Bits128 {
  std::uint64_t high{0};
  std::uint64_t low{0};

  friend bool operator==(const Bits128&, const Bits128&) = default;
};

/// ChaCha20 under a key of 256 bits from the system. A number costs no system call, and tells nothing of the others,
/// earlier or later ones. Belongs to one thread, and to one process: after a fork both would draw the same numbers.
class RandomSource {
 public:
  /// Keyed by the system; throws std::system_error if that has no random bytes. With a seed, which is for tests only,
  /// the numbers are the same each time, and whoever guesses the seed knows them all.
  explicit RandomSource(std::optional<std::uint64_t> seed = std::nullopt);

  [[nodiscard]] std::uint64_t bits64() {
    if (left_ == 0) refill();
    --left_;
    const auto bits = numbers_[left_];
    numbers_[left_] = 0;  // what was given out is nowhere else
    return bits;
  }
  [[nodiscard]] Bits128 bits128() {
    const auto high = bits64();
    return {high, bits64()};
  }

 private:
  void refill();

  ChaCha20Key key_{};
  std::array<std::uint64_t, (std::tuple_size_v<ChaCha20Blocks> - std::tuple_size_v<ChaCha20Key>) / 2> numbers_{};
  std::size_t left_{0};
};

/// How long the name of 128 bits is, and its characters: "JzTY20BRgKO-HjmUJj0wLg", base64url as RabbitMQ has it.
inline constexpr std::size_t random_name_size = 22;
/// Writes the name of `bits` to where there is room for it, and returns its end.
char* write_random_name(Bits128 bits, char* to);
/// Appends the name of `bits` to `to`.
void append_random_name(Bits128 bits, std::string& to);

}  // namespace pocketmq::protocol
