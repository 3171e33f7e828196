#include "protocol/end/loop_random.hpp"

#include <random>

namespace pocketmq::protocol {
namespace {

std::uint64_t bits_of_this_thread() {
  thread_local std::mt19937_64 numbers = [] {
    RandomSource source;
    return std::mt19937_64{source.bits64()};
  }();
  return numbers();
}

}  // namespace

LoopRandom& LoopRandom::of_system() {
  static LoopRandom random;
  return random;
}

std::optional<std::uint64_t> LoopRandom::next_seed() {
  if (!seeded_) return std::nullopt;
  return seeded_->bits64();
}

std::uint64_t LoopRandom::next_id() {
  std::uint64_t id = 0;
  while (id == 0) id = seeded_ ? seeded_->bits64() : bits_of_this_thread();
  return id;
}

}  // namespace pocketmq::protocol
