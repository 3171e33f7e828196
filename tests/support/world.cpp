#include "tests/support/world.hpp"

#include <exception>
#include <stdexcept>

#include "broker/session/broker.hpp"
#include "tests/support/state_check.hpp"

namespace pocketmq::tests {
namespace {

std::string_view name_of(Encoding encoding) { return encoding == Encoding::json ? "JSON" : "AMQP"; }

// Decides whether the world checks the state. If so, the broker has to keep its first events.
broker::Options options_of(WorldSetup& setup) {
  auto& options = setup.options;
  setup.checks_state &= options.journal_bytes == 0;
  if (setup.checks_state) options.journal_bytes = StateCheck::ring_bytes;
  return std::move(options);
}

}  // namespace

World::World(WorldSetup setup)
    : encoding_{setup.encoding ? *setup.encoding : GENERATE(Encoding::json, Encoding::amqp)},
      told_in_{Catch::MessageBuilder{"World", CATCH_INTERNAL_LINEINFO, Catch::ResultWas::Info}
               << "in " << std::string{name_of(encoding_)}},
      network_{options_of(setup), setup.observer, setup.log} {
  if (setup.checks_state) state_check_ = std::make_unique<StateCheck>(broker());
}

World::~World() {
  // While work waits for later turns, messages may be on their way.
  if (!state_check_ || std::uncaught_exceptions() > 0 || !broker().context().backlog().is_empty()) return;
  CHECK(state_check_->told() == state_check_->seen());
}

Client World::arrive(const Login& login) {
  return Client{*this, network_.connect(login.encoding.value_or(encoding_), login.from_loopback), 1};
}

Client World::arrive_raw(const Login& login) {
  return Client{*this, network_.connect(std::nullopt, login.from_loopback), 1};
}

Client World::connect(const Login& login, At at) {
  const auto client = arrive(login).shakes_hands(login).is_answered(connection::OpenOk{}, at);
  const bool channel_1_is_open = login.encoding.value_or(encoding_) == Encoding::json;
  return channel_1_is_open ? client : client.opens_channel(1, at);
}

int World::take_turns() {
  constexpr int turns_max = 100'000;
  int turns = 0;
  while (network_.take_turn())
    if (++turns == turns_max) throw std::logic_error{"the broker is never done with what it left for later turns"};
  settle();
  return turns;
}

bool World::has_queue(std::string_view name) { return broker().find_virtual_host("/")->find_queue(name) != nullptr; }

bool World::has_exchange(std::string_view name) {
  return broker().find_virtual_host("/")->find_exchange(name) != nullptr;
}

const broker::Queue& World::queue(std::string_view name) { return *broker().find_virtual_host("/")->find_queue(name); }

}  // namespace pocketmq::tests
