#include "tests/simulation/lossy_network.hpp"

#include <algorithm>
#include <stdexcept>

#include "broker/session/broker.hpp"
#include "broker/session/session.hpp"

namespace pocketmq::simulation {

LossyNetwork::LossyNetwork(Dice& dice, protocol::Encoding encoding, WireEvents events)
    : dice_{dice}, encoding_{encoding}, events_{std::move(events)} {
  broker_comes();
}

LossyNetwork::~LossyNetwork() = default;

bool LossyNetwork::join(std::shared_ptr<client::ConnectionCore> client) {
  if (!broker_) return false;
  auto events = events_;
  events.latency = [this] { return dice_.between(10us, dice_.one_in(8) ? 20ms : 1ms); };
  wires_.push_back(std::make_unique<Wire>(std::move(client), broker_->connect({.name = "simulated"}, now_), encoding_,
                                          std::move(events)));
  return true;
}

void LossyNetwork::cut(const client::ConnectionCore* client) {
  for (const auto& wire : wires_)
    if (wire->belongs_to(client)) wire->cut(now_);
}

Wire* LossyNetwork::any_wire() { return wires_.empty() ? nullptr : wires_[dice_.below(wires_.size())].get(); }

void LossyNetwork::cut_no_more() {
  for (const auto& wire : wires_) wire->cut_no_more();
}

void LossyNetwork::broker_goes() {
  for (const auto& wire : wires_) wire->cut(now_);
  wires_.clear();
  broker_.reset();
}

void LossyNetwork::broker_comes() {
  if (broker_) return;
  // Names that it makes up are not those of the one before.
  broker_ = std::make_unique<broker::Broker>(broker::Options{.seed = dice_.below(~std::uint64_t{0})});
}

void LossyNetwork::run_until(TimePoint end) {
  int ticks_at_one_time = 0;
  for (settle(); next() <= end; settle()) {
    ticks_at_one_time = next() > now_ ? 0 : ticks_at_one_time + 1;
    if (ticks_at_one_time > 1'000) throw std::logic_error{"a deadline does not move when it is told that it has come"};
    now_ = std::max(now_, next());
    tick_what_is_due();
  }
  now_ = end;
}

void LossyNetwork::settle() {
  constexpr int turns_max = 100'000;
  bool quiet = false;
  for (int turns = 0; !quiet; ++turns) {
    if (turns == turns_max) throw std::logic_error{"the connections never become quiet"};
    quiet = true;
    for (const auto& wire : wires_)
      if (wire->take_turn(now_)) quiet = false;
    if (quiet && broker_ && broker_->deadline() <= now_) {
      broker_->tick(now_);  // what a turn left to do at once, as a listener does
      quiet = false;
    }
  }
  std::erase_if(wires_, [](const auto& wire) { return wire->is_over(); });
}

TimePoint LossyNetwork::next() const {
  auto earliest = agenda_.earliest();
  if (broker_) earliest = std::min(earliest, broker_->deadline());
  for (const auto& wire : wires_) earliest = std::min(earliest, wire->deadline());
  for (const auto* timed : timed_) earliest = std::min(earliest, timed->deadline());
  return earliest;
}

void LossyNetwork::tick_what_is_due() {
  if (broker_ && broker_->deadline() <= now_) broker_->tick(now_);
  for (const auto& wire : wires_)
    if (wire->deadline() <= now_) wire->tick(now_);
  for (auto* timed : timed_)
    if (timed->deadline() <= now_) timed->tick(now_);
  agenda_.run_until(now_);
}

}  // namespace pocketmq::simulation
