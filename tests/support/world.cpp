#include "tests/support/world.hpp"

#include <algorithm>

#include "broker/broker.hpp"

namespace pocketmq::tests {
namespace {

broker::Options seeded(broker::Options options) {
  options.seed = 1;
  return options;
}

std::string_view name_of(Encoding encoding) { return encoding == Encoding::json ? "JSON" : "AMQP"; }

}  // namespace

World::World(WorldSetup setup)
    : encoding_{setup.encoding ? *setup.encoding : GENERATE(Encoding::json, Encoding::amqp)},
      told_in_{Catch::MessageBuilder{"World", CATCH_INTERNAL_LINEINFO, Catch::ResultWas::Info}
               << "in " << std::string{name_of(encoding_)}},
      broker_{std::make_unique<broker::Broker>(seeded(std::move(setup.options)), setup.observer)} {}

World::~World() = default;

Client World::arrive(const Login& login) {
  const auto number = ends_.size() + 1;
  ends_.push_back(std::make_unique<RemoteEnd>(
      broker_->connect({.name = "client " + std::to_string(number), .from_loopback = login.from_loopback}, now_),
      login.encoding.value_or(encoding_)));
  return Client{*this, *ends_.back(), 1};
}

Client World::arrive_raw(const Login& login) {
  const auto number = ends_.size() + 1;
  ends_.push_back(std::make_unique<RemoteEnd>(
      broker_->connect({.name = "client " + std::to_string(number), .from_loopback = login.from_loopback}, now_),
      std::nullopt));
  return Client{*this, *ends_.back(), 1};
}

Client World::connect(const Login& login, At at) {
  const auto client = arrive(login).shakes_hands(login).is_answered(connection::OpenOk{}, at);
  const bool channel_1_is_open = login.encoding.value_or(encoding_) == Encoding::json;
  return channel_1_is_open ? client : client.opens_channel(1, at);
}

void World::settle() {
  // Each turn moves bytes, and no story has that many.
  constexpr int turns_max = 1'000'000;
  bool quiet = false;
  for (int turns = 0; !quiet; ++turns) {
    if (turns == turns_max) FAIL("the connections never become quiet");
    quiet = true;
    for (std::size_t i = 0; i < ends_.size(); ++i)
      if (ends_[i]->take_turn(now_)) quiet = false;
    if (!quiet || broker_->deadline() > now_) continue;
    broker_->tick(now_);  // what a turn left to do at once, as a listener does
    quiet = false;
  }
}

void World::advance(std::chrono::nanoseconds duration) {
  const auto until = now_ + duration;
  int ticks_at_one_time = 0;
  for (;;) {
    auto next = broker_->deadline();
    for (const auto& end : ends_) next = std::min(next, end->deadline());
    if (next > until) break;
    if (next > now_) ticks_at_one_time = 0;
    if (++ticks_at_one_time > 1'000) FAIL("a deadline does not move when it is told that it has come");
    now_ = std::max(now_, next);
    if (broker_->deadline() <= now_) broker_->tick(now_);
    for (const auto& end : ends_)
      if (end->deadline() <= now_) end->tick(now_);
    settle();
  }
  now_ = until;
  settle();
}

bool World::has_queue(std::string_view name) { return broker_->find_virtual_host("/")->find_queue(name) != nullptr; }

bool World::has_exchange(std::string_view name) {
  return broker_->find_virtual_host("/")->find_exchange(name) != nullptr;
}

const broker::Queue& World::queue(std::string_view name) { return *broker_->find_virtual_host("/")->find_queue(name); }

}  // namespace pocketmq::tests
