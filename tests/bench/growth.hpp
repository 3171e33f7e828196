// Curves of what a message costs: work is set up for each size, and measured in turn with that of the others.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "tests/bench/curves.hpp"
#include "tests/bench/scene.hpp"

namespace pocketmq::bench {

/// What is done with a scene again and again, a batch of messages each time.
class Work : public Scene {
 public:
  /// Only what it passes to `timed` counts.
  std::function<void()> step;

  template <class Part> void timed(Part&& part) {
    const auto begin = cpu_time();
    part();
    spent_ += cpu_time() - begin;
  }

  [[nodiscard]] double nanos_per_message() {
    constexpr std::size_t batches_max = 100;
    constexpr std::chrono::milliseconds time_max{50};
    spent_ = {};
    std::size_t batches = 0;
    for (; batches < batches_max && spent_ < time_max; ++batches) step();
    return static_cast<double>(spent_.count()) / static_cast<double>(batches * batch);
  }

 private:
  std::chrono::nanoseconds spent_{0};
};

class Growth {
 public:
  Growth(int argc, char** argv) : wanted_{argc, argv} {}

  /// A curve, if it is wanted; `set_up` makes the work for one size.
  void measure(std::string_view panel, std::string_view curve, const std::vector<std::size_t>& sizes,
               const std::function<void(Work&, std::size_t)>& set_up) const {
    if (!wanted_.contains(panel, curve)) return;
    std::vector<std::unique_ptr<Work>> works;
    for (const auto size : sizes) set_up(*works.emplace_back(std::make_unique<Work>()), size);

    // In turn, so that a machine that slows down slows all sizes alike. The first round warms up.
    std::vector<std::vector<double>> nanos(sizes.size());
    for (std::size_t round = 0; round <= rounds; ++round)
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        const auto measured = works[i]->nanos_per_message();
        if (round > 0) nanos[i].push_back(measured);
      }
    for (std::size_t i = 0; i < sizes.size(); ++i) print({panel, curve, "time a message", sizes[i], median(nanos[i])});
  }

 private:
  static constexpr std::size_t rounds = 5;

  Wanted wanted_;
};

}  // namespace pocketmq::bench
