// Cases that are measured in turn, round after round, so that a machine that slows down slows all of them alike; each
// case's median is printed.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pocketmq::bench {

using Clock = std::chrono::steady_clock;

class Bench {
 public:
  /// The cases whose names contain all of the program's arguments are run.
  Bench(int argc, char** argv) : wanted_(argv + 1, argv + argc) {}

  /// `measure` handles that many messages and returns how long it took; what it prepares before costs nothing.
  void add(std::string name, std::size_t messages, std::function<Clock::duration()> measure) {
    const auto contained = [&](std::string_view word) { return name.find(word) != std::string::npos; };
    if (std::ranges::all_of(wanted_, contained)) cases_.push_back({std::move(name), messages, std::move(measure), {}});
  }

  void run() {
    for (std::size_t round = 0; round <= rounds; ++round)
      for (auto& one : cases_) {
        const auto took = one.measure();
        if (round > 0) one.nanos.push_back(nanos_per_message(took, one.messages));  // the first one warms up
      }
    std::printf("%-48s %12s %12s   median of %zu rounds\n", "", "ns/message", "messages/s", rounds);
    for (auto& one : cases_) {
      const auto median = one.nanos.begin() + rounds / 2;
      std::ranges::nth_element(one.nanos, median);
      std::printf("%-48s %12.1f %12.0f\n", one.name.c_str(), *median, 1e9 / *median);
    }
  }

 private:
  static constexpr std::size_t rounds = 11;

  struct Case {
    std::string name;
    std::size_t messages;
    std::function<Clock::duration()> measure;
    std::vector<double> nanos;  // per message, of each round
  };

  static double nanos_per_message(Clock::duration took, std::size_t messages) {
    return std::chrono::duration<double, std::nano>{took}.count() / static_cast<double>(messages);
  }

  std::vector<std::string_view> wanted_;
  std::vector<Case> cases_;
};

/// How long `work()` takes.
template <class Work> Clock::duration time_of(Work&& work) {
  const auto begin = Clock::now();
  work();
  return Clock::now() - begin;
}

/// "16 B", "64 KiB".
inline std::string size_name(std::size_t bytes) {
  return bytes < 1'024 ? std::to_string(bytes) + " B" : std::to_string(bytes / 1'024) + " KiB";
}

}  // namespace pocketmq::bench
