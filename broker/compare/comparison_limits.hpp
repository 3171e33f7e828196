// How much is compared, and told.
#pragma once

#include <cstddef>

namespace pocketmq::broker {

struct ComparisonLimits {
  static constexpr std::size_t lines_max = 50'000;
  static constexpr std::size_t differences_max = 50;
  static constexpr std::size_t connections_max = 1'000;
};

}  // namespace pocketmq::broker
