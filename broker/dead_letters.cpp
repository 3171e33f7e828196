#include "broker/dead_letters.hpp"

#include <algorithm>

#include "broker/virtual_host.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t letters_max_in_a_turn = 500;
constexpr std::chrono::milliseconds pause_without_memory{50};

}  // namespace

DeadLetters::DeadLetters(VirtualHost& virtual_host, Context& context)
    : virtual_host_{virtual_host}, context_{context}, due_{context.deadlines(), *this, &DeadLetters::publish_slice} {}

void DeadLetters::collect(Queue& from, Message message, DeathReason reason) {
  context_.tell(&Observer::on_dead_lettered, from, message);
  waiting_.push_back({.from = protocol::Ref<Queue>{&from},
                      .message = std::move(message),
                      .reason = reason,
                      .charge = {context_.memory(), Message::place_bytes}});
  if (waiting_.size() == 1) due_.set(TimePoint::min());
}

void DeadLetters::publish_slice() {
  for (auto left = std::min(waiting_.size(), letters_max_in_a_turn); left > 0; --left) {
    // What it causes comes behind it.
    if (!send(waiting_.front())) return due_.set(context_.now() + pause_without_memory);
    waiting_.pop_front();
  }
  due_.set(waiting_.empty() ? TimePoint::max() : TimePoint::min());
}

bool DeadLetters::send(const Letter& letter) {
  const auto& settings = letter.from->settings();
  const auto* exchange = virtual_host_.find_exchange(*settings.dead_letter_exchange);
  if (exchange == nullptr) {
    context_.tell(&Observer::on_dropped, letter.message);
    return true;
  }

  const auto& own_key = settings.dead_letter_routing_key;
  const auto properties =
      properties_after({.queue = letter.from->name(), .reason = letter.reason, .since_epoch = context_.since_epoch()},
                       letter.message, own_key ? CarbonCopies::remove : CarbonCopies::keep);
  const Message dead{exchange->name(),
                     own_key ? std::string_view{*own_key} : letter.message.routing_key(),
                     {.properties = protocol::Properties{properties}, .body = letter.message.body()},
                     std::nullopt,
                     own_key ? std::string_view{} : letter.message.blind_copies()};
  auto queues = virtual_host_.route(*exchange, dead);
  std::erase_if(queues, [&](const Queue* to) { return comes_round_again(dead.properties(), to->name()); });
  if (queues.size() > 1 && context_.memory().is_exhausted()) return false;
  context_.tell(&Observer::on_routed, dead, queues.size());
  for (auto* to : queues) to->enqueue(dead, *this, 0);
  if (queues.empty()) context_.tell(&Observer::on_dropped, dead);
  return true;
}

}  // namespace pocketmq::broker
