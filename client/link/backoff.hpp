// How long to wait before trying again: longer each time, up to a bound, and never quite as long as the others do.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace pocketmq::client {

/// Pure: the pauses follow from the seed.
class Backoff {
 public:
  using Duration = std::chrono::nanoseconds;

  /// The first pause is `min` (from a millisecond to a day), each further one twice the one before, none longer than
  /// `max` (a day at most).
  /// Of each, a random part is left out: at most the share `jitter`, from 0 to 1, so that clients which lost their
  /// broker at the same time do not all come back at the same time.
  Backoff(Duration min, Duration max, double jitter, std::uint64_t seed)
      : min_{std::clamp<Duration>(min, std::chrono::milliseconds{1}, std::chrono::hours{24})},
        max_{std::clamp<Duration>(max, min_, std::chrono::hours{24})},
        jitter_{std::clamp(jitter, 0.0, 1.0)},
        random_{seed} {}

  [[nodiscard]] Duration next() {
    const auto pause = next_;
    next_ = next_ > max_ / 2 ? max_ : next_ * 2;
    const auto share = jitter_ * static_cast<double>(random_() >> 11) * 0x1p-53;  // 53 random bits: [0, 1)
    return pause - Duration{static_cast<Duration::rep>(share * static_cast<double>(pause.count()))};
  }

  /// Begins with the shortest pause again.
  void reset() { next_ = min_; }

 private:
  const Duration min_;
  const Duration max_;
  const double jitter_;
  std::mt19937_64 random_;
  Duration next_{min_};
};

}  // namespace pocketmq::client
