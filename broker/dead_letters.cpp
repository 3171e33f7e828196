#include "broker/dead_letters.hpp"

#include <algorithm>

#include "broker/virtual_host.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t letters_max_in_a_turn = 500;

}  // namespace

DeadLetters::DeadLetters(VirtualHost& virtual_host, Context& context)
    : virtual_host_{virtual_host}, context_{context}, due_{context.deadlines(), *this, &DeadLetters::publish_slice} {}

void DeadLetters::collect(Queue& from, Message message, DeathReason reason) {
  context_.tell(&Observer::on_dead_lettered, from, message);
  waiting_.push_back({protocol::Ref<Queue>{&from}, std::move(message), reason});
  due_.set(TimePoint::min());
}

void DeadLetters::publish_slice() {
  for (auto left = std::min(waiting_.size(), letters_max_in_a_turn); left > 0; --left) {
    const auto letter = std::move(waiting_.front());
    waiting_.pop_front();
    send(letter);
  }
  due_.set(waiting_.empty() ? TimePoint::max() : TimePoint::min());
}

void DeadLetters::send(const Letter& letter) {
  const auto& settings = letter.from->settings();
  const auto* exchange = virtual_host_.find_exchange(*settings.dead_letter_exchange);
  if (exchange == nullptr) return context_.tell(&Observer::on_dropped, letter.message);

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
  context_.tell(&Observer::on_routed, dead, queues.size());
  for (auto* to : queues) to->enqueue(dead, *this, 0);
  if (queues.empty()) context_.tell(&Observer::on_dropped, dead);
}

}  // namespace pocketmq::broker
