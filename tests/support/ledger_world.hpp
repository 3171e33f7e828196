// A world whose messages are accounted for, and in which a test can wait for conditions.
#pragma once

#include <memory>
#include <optional>

#include "broker/account/awaits.hpp"
#include "broker/account/ledger.hpp"
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {

/// How an await has ended, if it has.
class Awaited {
 public:
  [[nodiscard]] bool has_ended() const { return outcome_->has_value(); }
  [[nodiscard]] bool holds() const { return is(broker::AwaitOutcome::Is::holds); }
  [[nodiscard]] bool timed_out() const { return is(broker::AwaitOutcome::Is::timeout); }
  [[nodiscard]] bool cannot_hold() const { return is(broker::AwaitOutcome::Is::cannot_hold); }
  [[nodiscard]] const broker::AwaitOutcome& outcome() const { return outcome_->value(); }
  [[nodiscard]] std::string reason() const { return has_ended() ? outcome().reason : "(still waiting)"; }

  std::uint64_t number{0};

 private:
  friend struct LedgerWorld;

  [[nodiscard]] bool is(broker::AwaitOutcome::Is is) const { return has_ended() && outcome().is == is; }

  std::shared_ptr<std::optional<broker::AwaitOutcome>> outcome_{
      std::make_shared<std::optional<broker::AwaitOutcome>>()};
};

struct LedgerWorld {
  explicit LedgerWorld(WorldSetup setup = {}, const broker::LedgerBounds& bounds = {})
      : world{std::move(setup)}, ledger{world.broker(), bounds} {
    advance(0s);
  }

  /// Time passes, and the broker knows it, as it does when an HTTP request comes.
  void advance(std::chrono::nanoseconds duration) {
    world.advance(duration);
    world.broker().context().clock().observe(world.now());
  }
  /// Of virtual host "/" unless it says otherwise.
  Awaited awaits_for(broker::Condition condition, std::chrono::nanoseconds within = 5s,
                     broker::Await::From from = broker::Await::From::begin) {
    return adds({.condition = std::move(condition), .scope = "/", .from = from, .within = within});
  }
  Awaited adds(broker::Await await) {
    Awaited awaited;
    awaited.number = awaits.add(std::move(await), [to = awaited.outcome_](const broker::AwaitOutcome& outcome) {
      CHECK_FALSE(to->has_value());
      *to = outcome;
    });
    world.settle();
    return awaited;
  }
  [[nodiscard]] const broker::LedgerMessage& message(std::uint64_t number) const {
    const auto* found = ledger.find(number);
    REQUIRE(found != nullptr);
    return *found;
  }
  [[nodiscard]] broker::MessageState state(std::uint64_t number) const { return message(number).state(); }
  [[nodiscard]] const broker::LedgerScope& scope() const { return *ledger.find_scope("/"); }

  World world;
  broker::Ledger ledger;
  broker::Awaits awaits{world.broker(), ledger};
};

}  // namespace pocketmq::tests
