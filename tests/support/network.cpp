#include "tests/support/network.hpp"

#include <algorithm>
#include <stdexcept>

#include "broker/session/broker.hpp"

namespace pocketmq::tests {
namespace {

broker::Options seeded(broker::Options options) {
  options.seed = 1;
  return options;
}

}  // namespace

Network::Network(broker::Options options, broker::Observer* observer, broker::ConnectionObserver* log)
    : broker_{std::make_unique<broker::Broker>(seeded(std::move(options)), observer, log)} {}

Network::~Network() = default;

RemoteEnd& Network::connect(std::optional<Encoding> encoding, bool from_loopback) {
  const auto name = "client " + std::to_string(ends_.size() + 1);
  auto session = broker_->connect(
      {.name = name, .source = from_loopback ? "127.0.0.1" : "192.0.2.1", .from_loopback = from_loopback}, now_);
  return *ends_.emplace_back(std::make_unique<RemoteEnd>(std::move(session), encoding));
}

void Network::settle() {
  // Each turn moves bytes, and no story has that many.
  constexpr int turns_max = 1'000'000;
  bool quiet = false;
  for (int turns = 0; !quiet; ++turns) {
    if (turns == turns_max) throw std::logic_error{"the connections never become quiet"};
    quiet = true;
    for (std::size_t i = 0; i < ends_.size(); ++i)
      if (ends_[i]->take_turn(now_)) quiet = false;
    if (quiet && !turns_are_postponed_ && take_turn()) quiet = false;
  }
}

// What a turn left to do at once, as a listener does.
bool Network::take_turn() {
  if (broker_->deadline() > now_) return false;
  broker_->tick(now_);
  return true;
}

void Network::advance(std::chrono::nanoseconds duration) {
  const auto until = now_ + duration;
  int ticks_at_one_time = 0;
  for (;;) {
    auto next = broker_->deadline();
    for (const auto& end : ends_) next = std::min(next, end->deadline());
    if (next > until) break;
    if (next > now_) ticks_at_one_time = 0;
    if (++ticks_at_one_time > 1'000)
      throw std::logic_error{"a deadline does not move when it is told that it has come"};
    now_ = std::max(now_, next);
    if (broker_->deadline() <= now_) broker_->tick(now_);
    for (const auto& end : ends_)
      if (end->deadline() <= now_) end->tick(now_);
    settle();
  }
  now_ = until;
  settle();
}

}  // namespace pocketmq::tests
