// Finds out which elements of one list correspond to which of another one, in their order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace pocketmq::broker {

/// How well two elements fit. Elements of different kinds never correspond.
enum class Fit : std::uint8_t { equal, similar, different };

struct AlignedPair {
  static constexpr auto none = std::numeric_limits<std::size_t>::max();

  std::size_t left{none};  // an index; none: only the right list has it
  std::size_t right{none};
};

/// The cheapest way: each element that only one list has, and each similar pair, costs one. `fit(i, j)` says how
/// element `i` of the left list fits element `j` of the right one. Where very many elements differ, the way may not be
/// the cheapest.
template <class FitOf> std::vector<AlignedPair> align(std::size_t left, std::size_t right, FitOf&& fit) {
  constexpr std::size_t cells_max = 100'000;
  constexpr std::size_t window_max = 64;  // of each list, where the table would be too large
  std::vector<AlignedPair> pairs;
  std::size_t i = 0, j = 0;
  while (i < left || j < right) {
    while (i < left && j < right && fit(i, j) == Fit::equal) pairs.push_back({i++, j++});
    auto rows = left - i, columns = right - j;
    std::size_t equal_at_end = 0;
    while (equal_at_end < std::min(rows, columns)
           && fit(left - 1 - equal_at_end, right - 1 - equal_at_end) == Fit::equal)
      ++equal_at_end;
    rows -= equal_at_end;
    columns -= equal_at_end;
    const bool is_whole = rows * columns <= cells_max;
    if (!is_whole) {
      rows = std::min(rows, window_max);
      columns = std::min(columns, window_max);
    }
    // costs[r][c]: of the rest from element i + r and j + c on.
    std::vector<std::uint32_t> costs((rows + 1) * (columns + 1));
    std::vector<Fit> fits(rows * columns);
    const auto cost = [&](std::size_t r, std::size_t c) -> std::uint32_t& { return costs[r * (columns + 1) + c]; };
    for (auto r = rows + 1; r-- > 0;)
      for (auto c = columns + 1; c-- > 0;) {
        if (r == rows || c == columns) {
          cost(r, c) = static_cast<std::uint32_t>(rows - r + columns - c);
          continue;
        }
        const auto how = fits[r * columns + c] = fit(i + r, j + c);
        auto least = 1 + std::min(cost(r + 1, c), cost(r, c + 1));
        if (how != Fit::different) least = std::min(least, cost(r + 1, c + 1) + (how == Fit::equal ? 0U : 1U));
        cost(r, c) = least;
      }
    // Of a part, only its first half is certain enough.
    const auto rows_taken = is_whole ? rows : rows / 2, columns_taken = is_whole ? columns : columns / 2;
    std::size_t r = 0, c = 0;
    while ((r < rows || c < columns) && (is_whole || (r < rows_taken && c < columns_taken))) {
      const bool both = r < rows && c < columns && fits[r * columns + c] != Fit::different
                        && cost(r, c) == cost(r + 1, c + 1) + (fits[r * columns + c] == Fit::equal ? 0U : 1U);
      if (both)
        pairs.push_back({i + r++, j + c++});
      else if (r < rows && (c == columns || cost(r, c) == 1 + cost(r + 1, c)))
        pairs.push_back({.left = i + r++});
      else
        pairs.push_back({.right = j + c++});
    }
    i += r;
    j += c;
    if (is_whole)
      for (; i < left && j < right; ++i, ++j) pairs.push_back({i, j});
  }
  return pairs;
}

}  // namespace pocketmq::broker
