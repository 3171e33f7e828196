// What the libraries promise, whatever breaks: callers, servers and a broker in one virtual world, some thousand times,
// each time with other calls and other faults.
//
// POCKETMQ_SEEDS says how many seeds, POCKETMQ_SEED which one alone.
#include "tests/simulation/simulation.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>

#include "tests/support/catch.hpp"

namespace pocketmq::simulation {
namespace {

constexpr std::uint64_t seeds_default = 2'000;
constexpr std::size_t log_lines_shown = 200;

std::optional<std::uint64_t> number_in_environment(const char* name) {
  const auto* text = std::getenv(name);
  return text == nullptr ? std::nullopt : std::optional{std::strtoull(text, nullptr, 10)};
}

// The log and what was promised and not kept; nothing if all was kept.
std::string broken_promises(std::uint64_t seed) {
  Simulation simulation{seed};
  std::string broken;
  try {
    simulation.run();
  } catch (const std::exception& error) {
    broken = std::string{"\n! "} + error.what();
  }
  const auto& ledger = simulation.ledger();
  for (const auto& violation : ledger.violations()) broken += "\n! " + violation;
  if (broken.empty()) return {};
  std::string text = "seed " + std::to_string(seed);
  const auto& log = ledger.log();
  for (auto line = log.size() - std::min(log.size(), log_lines_shown); line < log.size(); ++line)
    text += "\n" + log[line];
  return text + broken + "\nAgain: POCKETMQ_SEED=" + std::to_string(seed)
         + " ./run test -R 'simulation/promises are kept'";
}

// Four tests, which ctest runs beside each other.
constexpr std::uint64_t parts = 4;

void check_promises(std::uint64_t part) {
  const auto only = number_in_environment("POCKETMQ_SEED");
  const auto last = only ? 1 : number_in_environment("POCKETMQ_SEEDS").value_or(seeds_default);
  for (auto place = 1 + part; place <= last; place += parts) {
    const auto broken = broken_promises(only.value_or(place));
    if (!broken.empty()) FAIL(broken);
  }
}

TEST_CASE("promises are kept whatever breaks: 1 of 4") { check_promises(0); }
TEST_CASE("promises are kept whatever breaks: 2 of 4") { check_promises(1); }
TEST_CASE("promises are kept whatever breaks: 3 of 4") { check_promises(2); }
TEST_CASE("promises are kept whatever breaks: 4 of 4") { check_promises(3); }

TEST_CASE("a seed repeats its simulation") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Simulation once{seed}, again{seed};
    once.run();
    again.run();
    CHECK(once.ledger().log() == again.ledger().log());
  }
}

}  // namespace
}  // namespace pocketmq::simulation
