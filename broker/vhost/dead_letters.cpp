#include "broker/vhost/dead_letters.hpp"

#include <iterator>
#include <utility>

#include "protocol/vocabulary/property_sizes.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::chrono::milliseconds retry_delay{50};
constexpr std::ptrdiff_t retried_at_once_max = 1'000;
// About the bytes of a line with its entries in lists and tables.
constexpr std::size_t line_bytes = 256;

}  // namespace

DeadLetters::DeadLetters(const ExchangeDirectory& directory, Router& router, Context& context)
    : directory_{directory},
      router_{router},
      context_{context},
      rest_of_slice_{context.backlog(), *this, &DeadLetters::publish_new},
      work_{context.backlog(), *this, &DeadLetters::publish_waiting},
      retry_due_{context.real_deadlines(), *this, &DeadLetters::retry} {}

void DeadLetters::collect(Queue& from, Message message, DeathReason reason) {
  context_.tell(&Observer::on_dead_lettered, from, message);
  line_of(from).letters.push_back(
      {.message = std::move(message), .reason = reason, .charge = {context_.memory(), Message::entry_bytes}});
  ++letters_;
}

DeadLetters::Line& DeadLetters::line_of(Queue& from) {
  if (const auto* found = lines_.find(&from)) return *found->second;
  auto& lines = is_publishing_ ? waiting_ : new_;
  lines.push_back({.from = protocol::Ref<Queue>{&from}, .charge = {context_.memory(), line_bytes}});
  lines_.add(&from, std::prev(lines.end()));
  if (!is_publishing_) rest_of_slice_.wait_for_rest_of_slice();
  return lines.back();
}

// ---- lines take turns

bool DeadLetters::publish_new() {
  publish_in_turn(new_);
  waiting_.splice(waiting_.end(), new_);
  if (!waiting_.empty()) work_.wait_in_line();
  return true;
}

bool DeadLetters::publish_waiting() {
  publish_in_turn(waiting_);
  return waiting_.empty();
}

// Publishes one dead letter of each line in turn, but none that was added meanwhile.
void DeadLetters::publish_in_turn(Lines& lines) {
  is_publishing_ = true;
  Lines paused;
  for (auto left = letters_; left > 0 && !lines.empty() && !context_.budget().is_used_up(); --left) {
    const auto line = lines.begin();
    const auto progress = publish_first(*line);
    if (progress == Progress::done) {
      line->letters.pop_front();
      --letters_;
    }
    if (line->letters.empty()) {
      lines_.erase(line->from.get());
      lines.erase(line);
    } else {
      auto& to = progress == Progress::done ? lines : progress == Progress::paused ? paused : lacking_memory_;
      to.splice(to.end(), lines, line);
    }
  }
  waiting_.splice(waiting_.end(), paused);
  is_publishing_ = false;
  if (!lacking_memory_.empty() && retry_due_.at() == TimePoint::max())
    retry_due_.set(context_.clock().real_now() + retry_delay);
}

// Meanwhile there may be memory again, the dead letter may have fewer queues to go to, or its queue may be deleted.
void DeadLetters::retry() {
  const auto end = context_.memory().is_exhausted() && lacking_memory_.size() > retried_at_once_max
                       ? std::next(lacking_memory_.begin(), retried_at_once_max)
                       : lacking_memory_.end();
  waiting_.splice(waiting_.end(), lacking_memory_, lacking_memory_.begin(), end);
  work_.wait_in_line();
}

// ---- a dead letter is routed and enqueued

DeadLetters::Progress DeadLetters::publish_first(Line& line) {
  if (line.routing) {
    if (line.found.empty()) {
      if (!line.routing->go_on()) return Progress::paused;
      line.found = line.routing->take_queues();
    }
    if (!remove_cycles(line)) return Progress::paused;
    begin_fan_out(line);
  } else if (!line.fan_out) {
    const auto progress = route_first(line);
    if (progress != Progress::done || !line.fan_out) return progress;
  }
  if (!line.fan_out->go_on(*this, context_.budget())) return Progress::paused;
  line.fan_out.reset();
  return Progress::done;
}

DeadLetters::Progress DeadLetters::route_first(Line& line) {
  const auto& letter = line.letters.front();
  auto* exchange = directory_.find_exchange(*line.from->settings().dead_letter_exchange);
  if (exchange == nullptr) {
    drop_first(line, event::Dropped::no_dead_letter_exchange);
    return Progress::done;
  }
  auto dead = dead_letter(*line.from, letter, *exchange);
  auto& routing = router_.route(*exchange, dead);
  auto queues = routing.queues();
  const Cycle cycle{dead.properties(), context_.budget()};
  context_.budget().use(steps::for_a_binding * queues.size());
  line.had_cycle = std::erase_if(queues, [&](const Queue* to) { return cycle.contains(to->name()); }) > 0;
  if (context_.memory().is_exhausted() && (!routing.is_finished() || queues.size() > 1)) {
    if (!line.from->deleted()) return Progress::lacks_memory;
    drop_first(line, event::Dropped::no_memory);
    return Progress::done;
  }
  if (!routing.is_finished()) {
    line.routing = router_.keep();
    return Progress::paused;
  }
  announce(line, dead, queues, routing.record());
  line.fan_out = FanOut::begin(dead, 0, queues, *this, context_);
  return Progress::done;
}

void DeadLetters::drop_first(const Line& line, event::Dropped reason) {
  const auto& message = line.letters.front().message;
  context_.tell(&Observer::on_dropped, message);
  line.from->events().dropped(message, event::Stage::dead_letter, reason);
}

Message DeadLetters::dead_letter(const Queue& from, const Letter& letter, const Exchange& exchange) const {
  const auto& own_key = from.settings().dead_letter_routing_key;
  const auto properties =
      properties_after({.queue = from.name(), .reason = letter.reason, .since_epoch = context_.clock().since_epoch()},
                       letter.message, own_key ? CarbonCopies::remove : CarbonCopies::keep,
                       protocol::dead_letter_properties_max_bytes(context_.options().limits), context_.budget());
  const auto body = letter.message.body();
  context_.budget().use(steps::for_a_dead_letter + steps::for_reading(properties.size() + body.size()));
  return {exchange.name(),
          own_key ? std::string_view{*own_key} : letter.message.routing_key(),
          {.properties = protocol::Properties{properties}, .body = body},
          std::nullopt,
          own_key ? std::string_view{} : letter.message.blind_copies(),
          0,
          context_.next_message_number()};
}

// All queues that the search found have been checked.
void DeadLetters::begin_fan_out(Line& line) {
  const auto routing = std::move(line.routing);
  auto queues = std::exchange(line.accepted, {});
  auto dead = routing->message();
  announce(line, dead, queues, routing->record());
  line.fan_out = std::make_unique<FanOut>(dead, 0, std::move(queues), routing->take_share());
}

// Removes all queues if the message has too few dead letters left for them, and tells where it goes.
void DeadLetters::announce(const Line& line, Message& dead, auto& queues, const RouteRecord& record) {
  const bool was_found = !queues.empty();
  if (!share_dead_letters_left(line.letters.front(), dead, queues.size())) queues.clear();
  if (context_.tells_messages()) tell_dead_letter(line, dead);
  context_.tell(&Observer::on_routed, dead, queues.size());
  const auto& virtual_host = line.virtual_host_name();
  if (!queues.empty()) return tell_route(context_, virtual_host, dead, RoutedTo::of(queues, context_), record);
  if (was_found) return drop_at_publish(context_, virtual_host, dead, event::Dropped::dead_letter_limit);
  if (line.had_cycle) return drop_at_publish(context_, virtual_host, dead, event::Dropped::dead_letter_cycle);
  tell_route(context_, virtual_host, dead, RoutedTo{}, record);  // the search has found no queue
  drop_at_publish(context_, virtual_host, dead, event::Dropped::unroutable);
}

void DeadLetters::tell_dead_letter(const Line& line, const Message& dead) const {
  const auto& letter = line.letters.front();
  std::string storage;
  context_.journal().tell(event::DeadLetterPublished{.message = dead.number(),
                                                     .parent = letter.message.number(),
                                                     .vhost = line.virtual_host_name(),
                                                     .queue = line.from->name(),
                                                     .reason = letter.reason,
                                                     .exchange = dead.exchange(),
                                                     .routing_key = dead.routing_key(),
                                                     .properties = {dead.properties(), storage},
                                                     .body = dead.body()});
}

// Clients may write x-death as they like, so the broker has its own count of what it does by itself. Each of `letters`
// dead letters gets its part of what the message had left. Returns false if there are more letters than that. The first
// dead letters after a client has published or rejected the message are always allowed.
bool DeadLetters::share_dead_letters_left(const Letter& letter, Message& dead, std::size_t letters) {
  constexpr auto max = Message::dead_letters_max;
  const std::size_t left = letter.reason == DeathReason::rejected ? max : letter.message.dead_letters_left();
  if (letters > left) return left == max;
  if (letters > 0) dead.set_dead_letters_left(static_cast<std::uint32_t>(left / letters - 1));
  return true;
}

// Removes queues that would make a cycle. Returns whether all found queues have been checked.
bool DeadLetters::remove_cycles(Line& line) {
  auto& budget = context_.budget();
  const auto properties = line.routing->message().properties();
  const Cycle cycle{properties, budget};
  budget.use(steps::for_reading(properties.encoded().size()));
  while (!line.found.empty()) {
    budget.use(steps::for_a_binding);
    const bool is_cycle = cycle.contains(line.found.back()->name());
    line.had_cycle |= is_cycle;
    if (!is_cycle) line.accepted.push_back(std::move(line.found.back()));
    line.found.pop_back();
    if (budget.is_used_up()) break;
  }
  return line.found.empty();
}

}  // namespace pocketmq::broker
