// Random numbers that nobody can guess. They are for names that give access to anyone who knows them: server-named
// queues, reply addresses, correlation ids.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "protocol/base/chacha20.hpp"

namespace pocketmq::protocol {

/// 128 bits, enough for a name that cannot be guessed.
struct Bits128 {
  std::uint64_t high{0};
  std::uint64_t low{0};

  friend bool operator==(const Bits128&, const Bits128&) = default;
};

/// ChaCha20 with a 256-bit key from the system. A number needs no system call, and says nothing about earlier and later
/// numbers. Belongs to one thread and one process: after a fork, both processes would get the same numbers.
class RandomSource {
 public:
  /// Takes the key from the system; throws std::system_error if the system has no random bytes. With a seed, which is
  /// for tests only, the numbers are the same in each run, and anybody who knows the seed knows all of them.
  explicit RandomSource(std::optional<std::uint64_t> seed = std::nullopt);

  [[nodiscard]] std::uint64_t bits64() {
    if (left_ == 0) refill();
    --left_;
    const auto bits = numbers_[left_];
    numbers_[left_] = 0;  // no copy of a returned number is kept
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

/// The length of the name of 128 bits: "JzTY20BRgKO-HjmUJj0wLg", in base64url as on RabbitMQ.
inline constexpr std::size_t random_name_size = 22;
/// Writes the name of `bits` to `to`, which must have room for it, and returns its end.
char* write_random_name(Bits128 bits, char* to);
/// Appends the name of `bits` to `to`.
void append_random_name(Bits128 bits, std::string& to);

}  // namespace pocketmq::protocol
