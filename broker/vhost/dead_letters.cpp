#include "broker/vhost/dead_letters.hpp"

#include <utility>

#include "protocol/vocabulary/property_sizes.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::chrono::milliseconds pause_without_memory{50};

}  // namespace

DeadLetters::DeadLetters(const ExchangeDirectory& directory, Router& router, Context& context)
    : directory_{directory},
      router_{router},
      context_{context},
      work_{context.backlog(), *this, &DeadLetters::publish_some},
      retry_due_{context.deadlines(), *this, &DeadLetters::go_on} {}

void DeadLetters::collect(Queue& from, Message message, DeathReason reason) {
  context_.tell(&Observer::on_dead_lettered, from, message);
  waiting_.push_back({.from = protocol::Ref<Queue>{&from},
                      .message = std::move(message),
                      .reason = reason,
                      .charge = {context_.memory(), Message::place_bytes}});
  if (!is_publishing_ && !lacks_memory_) work_.wait_for_rest_of_slice();
}

bool DeadLetters::publish_some() {
  is_publishing_ = true;
  lacks_memory_ = false;
  for (auto left = waiting_.size(); left > 0 && !context_.budget().is_used_up(); --left)
    if (!publish_one()) break;
  is_publishing_ = false;
  if (lacks_memory_) retry_due_.set(context_.now() + pause_without_memory);
  return lacks_memory_ || waiting_.empty();
}

// Returns whether it is done with the first one that waits.
bool DeadLetters::publish_one() {
  if (routing_) {
    if (!routing_->go_on()) return false;
    if (found_.empty()) found_ = routing_->take_queues();
    if (!leave_out_circles() || !has_memory_for(accepted_.size())) return false;
    const auto routing = std::move(routing_);
    auto dead = routing->message();
    if (!share_dead_letters_left(waiting_.front(), dead, accepted_.size())) accepted_.clear();
    context_.tell(&Observer::on_routed, dead, accepted_.size());
    if (accepted_.empty()) context_.tell(&Observer::on_dropped, dead);
    fan_out_ = std::make_unique<FanOut>(dead, 0, std::exchange(accepted_, {}), routing->take_share());
  } else if (!fan_out_ && !publish(waiting_.front())) {
    return false;
  }
  if (routing_ || (fan_out_ && !fan_out_->go_on(*this, context_.budget()))) return false;
  fan_out_.reset();
  waiting_.pop_front();
  return true;
}

bool DeadLetters::has_memory_for(std::size_t queues) {
  lacks_memory_ = queues > 1 && context_.memory().is_exhausted();
  return !lacks_memory_;
}

bool DeadLetters::publish(const Letter& letter) {
  const auto& settings = letter.from->settings();
  auto* exchange = directory_.find_exchange(*settings.dead_letter_exchange);
  if (exchange == nullptr) {
    context_.tell(&Observer::on_dropped, letter.message);
    return true;
  }

  const auto& own_key = settings.dead_letter_routing_key;
  const auto properties = properties_after(
      {.queue = letter.from->name(), .reason = letter.reason, .since_epoch = context_.clock().since_epoch()},
      letter.message, own_key ? CarbonCopies::remove : CarbonCopies::keep,
      protocol::dead_letter_properties_max_bytes(context_.options().limits), context_.budget());
  context_.budget().use(steps::for_a_dead_letter + steps::for_reading(properties.size()));
  Message dead{exchange->name(),
               own_key ? std::string_view{*own_key} : letter.message.routing_key(),
               {.properties = protocol::Properties{properties}, .body = letter.message.body()},
               std::nullopt,
               own_key ? std::string_view{} : letter.message.blind_copies(),
               0};
  const auto& routing = router_.route(*exchange, dead);
  if (!routing.is_finished()) {
    routing_ = router_.keep();
    return true;
  }
  auto queues = routing.queues();
  const Cycle cycle{dead.properties(), context_.budget()};
  std::erase_if(queues, [&](const Queue* to) { return cycle.contains(to->name()); });
  if (!has_memory_for(queues.size())) return false;
  if (!share_dead_letters_left(letter, dead, queues.size())) queues.clear();
  context_.tell(&Observer::on_routed, dead, queues.size());
  fan_out_ = FanOut::begin(dead, 0, queues, *this, context_);
  if (queues.empty()) context_.tell(&Observer::on_dropped, dead);
  return true;
}

// x-death is what clients make of it, so that what the broker has done by itself is counted apart from it. Each of so
// many dead letters gets its share of what their message had left. Returns false if they are too many. The first ones
// after a client's act never are.
bool DeadLetters::share_dead_letters_left(const Letter& letter, Message& dead, std::size_t letters) {
  constexpr auto max = Message::dead_letters_max;
  const std::size_t left = letter.reason == DeathReason::rejected ? max : letter.message.dead_letters_left();
  if (letters > left) return left == max;
  if (letters > 0) dead.set_dead_letters_left(static_cast<std::uint32_t>(left / letters - 1));
  return true;
}

// Returns whether all queues have been looked at that were found for the one that is being routed.
bool DeadLetters::leave_out_circles() {
  const auto properties = routing_->message().properties();
  const Cycle cycle{properties, context_.budget()};
  context_.budget().use(steps::for_reading(properties.encoded().size()));
  while (!found_.empty()) {
    context_.budget().use(steps::for_a_binding);
    if (!cycle.contains(found_.back()->name())) accepted_.push_back(std::move(found_.back()));
    found_.pop_back();
    if (context_.budget().is_used_up()) break;
  }
  return found_.empty();
}

}  // namespace pocketmq::broker
