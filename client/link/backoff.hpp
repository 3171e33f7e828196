// How long to wait before the next attempt: twice as long each time, up to a maximum, less a random part.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace pocketmq::client {

/// The seed determines all pauses.
class Backoff {
 public:
  using Duration = std::chrono::nanoseconds;

  /// The first pause is `min` (1 ms to a day). Each further pause is twice as long as the one before, but at most `max`
  /// (a day at most). A random part of each pause is left out, at most the share `jitter` (0 to 1): clients that lost
  /// their broker at the same time then do not all come back at the same time.
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

  /// The next pause is `min` again.
  void reset() { next_ = min_; }

 private:
  const Duration min_;
  const Duration max_;
  const double jitter_;
  std::mt19937_64 random_;
  Duration next_{min_};
};

}  // namespace pocketmq::client
