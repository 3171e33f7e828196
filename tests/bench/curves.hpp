// Curves against a size, printed point by point as lines of JSON for plot.py.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace pocketmq::bench {

/// Which curves a program's arguments ask for: those whose names ("PANEL: CURVE") contain all of the words.
class Wanted {
 public:
  Wanted(int argc, char** argv) : words_(argv + 1, argv + argc) {}

  [[nodiscard]] bool contains(std::string_view panel, std::string_view curve) const {
    const auto name = std::string{panel} + ": " + std::string{curve};
    return std::ranges::all_of(words_, [&](std::string_view word) { return name.find(word) != std::string::npos; });
  }

 private:
  std::vector<std::string_view> words_;
};

/// 1, 10, 100, ... up to `last`.
inline std::vector<std::size_t> powers_of_ten(std::size_t last) {
  std::vector<std::size_t> sizes;
  for (std::size_t size = 1; size <= last; size *= 10) sizes.push_back(size);
  return sizes;
}

struct Point {
  std::string_view panel;
  std::string_view curve;
  std::string_view measures;
  std::size_t size;
  double nanoseconds;
};

inline void print(const Point& point) {
  const auto field = [](const char* name, std::string_view text) {
    std::printf(R"("%s": "%.*s", )", name, static_cast<int>(text.size()), text.data());
  };
  std::printf("{");
  field("panel", point.panel);
  field("curve", point.curve);
  field("measures", point.measures);
  std::printf("\"size\": %zu, \"nanoseconds\": %.1f}\n", point.size, point.nanoseconds);
  std::fflush(stdout);
}

template <class T> T median(std::vector<T> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

}  // namespace pocketmq::bench
