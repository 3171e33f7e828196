// All chance of a simulation. The same seed gives the same throws, with every compiler.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace pocketmq::simulation {

using namespace std::chrono_literals;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : random_{seed} {}

  /// From 0 to `end` - 1.
  [[nodiscard]] std::uint64_t below(std::uint64_t end) { return random_() % end; }
  [[nodiscard]] bool one_in(std::uint64_t chances) { return below(chances) == 0; }
  [[nodiscard]] std::chrono::nanoseconds between(std::chrono::nanoseconds least, std::chrono::nanoseconds most) {
    const auto span = static_cast<std::uint64_t>((most - least).count());
    return least + std::chrono::nanoseconds{static_cast<std::int64_t>(below(span + 1))};
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace pocketmq::simulation
