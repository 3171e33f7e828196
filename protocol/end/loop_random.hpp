// The random numbers of an event loop. Everything that runs on a loop and needs a random number takes it, or the seed
// of its own source, from here. So a test can choose all random numbers of a broker, its clients and its servers.
//
// `random_of` (io/random_of.hpp) finds the random numbers of an executor's loop.
#pragma once

#include <cstdint>
#include <optional>

#include "protocol/base/random_source.hpp"

namespace pocketmq::protocol {

/// Gives the system's random numbers, or, after `make_seeded`, numbers that follow from the seed.
class LoopRandom {
 public:
  LoopRandom() = default;
  LoopRandom(const LoopRandom&) = delete;
  LoopRandom& operator=(const LoopRandom&) = delete;

  /// Random numbers of the system, for code that runs on no loop.
  [[nodiscard]] static LoopRandom& of_system();

  /// For tests only: from now on all numbers follow from `seed`, and anybody who knows it knows all of them. Call it
  /// once, before anything runs on the loop. A loop with a seed is run by one thread, and all calls are made there.
  void make_seeded(std::uint64_t seed) { seeded_.emplace(seed); }

  /// The seed for a RandomSource of an object on this loop. Without a seed there is none: the object's source takes its
  /// key from the system, and nobody can guess its numbers.
  [[nodiscard]] std::optional<std::uint64_t> next_seed();

  /// An id that is unlikely to repeat on any machine, or the seed of pauses. It is not secret: one can be computed from
  /// another. Never 0. From any thread.
  [[nodiscard]] std::uint64_t next_id();

 private:
  std::optional<RandomSource> seeded_;
};

}  // namespace pocketmq::protocol
