#include "broker/control/awaits.hpp"

#include <algorithm>
#include <utility>

#include "broker/control/condition_check.hpp"
#include "broker/control/diagnosis.hpp"
#include "broker/session/broker.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t steps_for_a_check = 20;
constexpr std::size_t steps_for_a_message = 10;

}  // namespace

struct Awaits::Waiting {
  Waiting(Awaits& owner, std::uint64_t number, Await await, Done done)
      : owner{owner},
        number{number},
        await{std::move(await)},
        done{std::move(done)},
        alarm{owner.context_.real_deadlines(), *this, &Waiting::wake} {}

  void wake() { owner.wake(number); }
  [[nodiscard]] const MessageCondition* for_messages() const {
    return std::get_if<MessageCondition>(&await.condition);
  }

  Awaits& owner;
  const std::uint64_t number;
  const Await await;
  Done done;
  Alarm<Waiting> alarm;  // the time is up, or a scope may have been quiet for long enough
  TimePoint ends_at{};
  TimePoint began_at{};
  bool scope_has_ended{false};
  std::uint64_t published_before{0};  // how many messages do not count
  std::uint64_t first_message{1};     // the first one that counts
  std::uint64_t next_to_scan{1};
  std::uint64_t scan_until{0};       // later messages are compared when something happens to them
  std::set<std::uint64_t> matched{};  // messages that match now
};

Awaits::Awaits(Broker& broker, Ledger& ledger)
    : broker_{broker}, context_{broker.context()}, ledger_{ledger}, work_{context_.backlog(), *this, &Awaits::go_on} {
  ledger_.set_listener(this);
}

Awaits::~Awaits() { ledger_.set_listener(nullptr); }

// ---- who waits

std::uint64_t Awaits::add(Await await, Done done) {
  const auto number = ++last_number_;
  auto& line = await.scope ? lines_[*await.scope] : all_;
  auto& waiting = *waiting_.emplace(number, std::make_unique<Waiting>(*this, number, std::move(await), std::move(done)))
                       .first->second;
  line.numbers.insert(number);
  line.for_messages += waiting.for_messages() != nullptr ? 1 : 0;
  waiting.began_at = context_.clock().real_now();
  waiting.ends_at = waiting.began_at + waiting.await.within;
  waiting.alarm.set(waiting.ends_at);
  if (waiting.await.from == Await::From::now) {
    waiting.published_before = published_in(ledger_, waiting.await.scope);
    waiting.first_message = ledger_.last_message() + 1;
  }
  waiting.next_to_scan = waiting.first_message;
  waiting.scan_until = ledger_.last_message();
  wake(number);
  return number;
}

void Awaits::cancel(std::uint64_t number) { (void)take(number); }

std::unique_ptr<Awaits::Waiting> Awaits::take(std::uint64_t number) {
  const auto found = waiting_.find(number);
  if (found == waiting_.end()) return nullptr;
  auto waiting = std::move(found->second);
  waiting_.erase(found);
  to_check_.erase(number);
  const auto& scope = waiting->await.scope;
  auto& line = scope ? lines_[*scope] : all_;
  line.numbers.erase(number);
  line.for_messages -= waiting->for_messages() != nullptr ? 1 : 0;
  if (scope && line.numbers.empty() && !line.is_dirty) lines_.erase(*scope);
  return waiting;
}

void Awaits::wake(std::uint64_t number) {
  to_check_.insert(number);
  work_.wait_in_line();
}

// ---- events

Awaits::Line* Awaits::line_of(const std::string& vhost) {
  const auto found = lines_.find(vhost);
  return found == lines_.end() ? nullptr : &found->second;
}

void Awaits::on_message(LedgerMessage& message) {
  if (message.is_marked || waiting_.empty()) return;
  const auto* line = line_of(message.scope->vhost);
  if (all_.for_messages == 0 && (line == nullptr || line->for_messages == 0)) return;
  message.is_marked = true;
  touched_.push_back(message.number);
  work_.wait_in_line();
}

void Awaits::on_event(LedgerScope& scope) {
  if (waiting_.empty()) return;
  mark(all_);
  auto* line = line_of(scope.vhost);
  if (line == nullptr) return;
  mark(*line);
  if (scope.is_forgotten)
    for (const auto number : line->numbers) waiting_.at(number)->scope_has_ended = true;
}

void Awaits::mark(Line& line) {
  if (line.is_dirty || line.numbers.empty()) return;
  line.is_dirty = true;
  dirty_.push_back(&line);
  work_.wait_in_line();
}

// ---- checking

bool Awaits::go_on() {
  auto& budget = context_.budget();
  if (!compare_touched()) return false;
  collect_dirty();
  while (!to_check_.empty()) {
    if (budget.is_used_up()) return false;
    budget.use(steps_for_a_check);
    auto& waiting = *waiting_.at(*to_check_.begin());
    if (!scan(waiting)) return false;
    to_check_.erase(to_check_.begin());
    check(waiting);
  }
  return true;
}

bool Awaits::compare_touched() {
  auto& budget = context_.budget();
  while (!touched_.empty()) {
    if (budget.is_used_up()) return false;
    budget.use(steps_for_a_message);
    auto* message = ledger_.find(touched_.front());
    touched_.pop_front();
    if (message == nullptr) continue;
    message->is_marked = false;
    compare_with_line(*message, &all_);
    compare_with_line(*message, line_of(message->scope->vhost));
  }
  return true;
}

void Awaits::compare_with_line(LedgerMessage& message, Line* line) {
  if (line == nullptr || line->for_messages == 0) return;
  for (const auto number : line->numbers) {
    auto& waiting = *waiting_.at(number);
    if (waiting.for_messages() != nullptr && message.number >= waiting.first_message) compare(waiting, message);
  }
}

void Awaits::collect_dirty() {
  for (auto* line : std::exchange(dirty_, {})) {
    line->is_dirty = false;
    to_check_.insert(line->numbers.begin(), line->numbers.end());
  }
  std::erase_if(lines_, [](const auto& line) { return line.second.numbers.empty() && !line.second.is_dirty; });
}

bool Awaits::scan(Waiting& waiting) {
  if (waiting.for_messages() == nullptr) return true;
  auto& budget = context_.budget();
  if (const auto* scope = waiting.await.scope ? ledger_.find_scope(*waiting.await.scope) : nullptr)
    waiting.next_to_scan = std::max(waiting.next_to_scan, scope->first_message);
  bool has_time = true;
  ledger_.for_each_message(waiting.next_to_scan, [&](const LedgerMessage& message) {
    if (message.number > waiting.scan_until || waiting.matched.size() >= waiting.for_messages()->count) return false;
    has_time = !budget.is_used_up();
    if (!has_time) return false;
    budget.use(steps_for_a_message);
    waiting.next_to_scan = message.number + 1;
    const bool is_in_scope = !waiting.await.scope || message.scope->vhost == *waiting.await.scope;
    if (is_in_scope && !message.scope->is_forgotten) compare(waiting, message);
    return true;
  });
  return has_time;
}

// A message may match now, and no longer later. So all that matched are remembered.
void Awaits::compare(Waiting& waiting, const LedgerMessage& message) {
  const auto& wanted = *waiting.for_messages();
  auto& budget = context_.budget();
  if (!wanted.match.matches(message, budget)) {
    waiting.matched.erase(message.number);
  } else if (waiting.matched.size() < wanted.count) {
    waiting.matched.insert(message.number);
    to_check_.insert(waiting.number);
  }
}

void Awaits::check(Waiting& waiting) {
  const auto& [condition, scope, from, within] = waiting.await;
  const auto now = context_.clock().real_now();
  const auto finish_with = [&](ConditionNumbers numbers) {
    Outcome outcome{.is = Outcome::Is::holds, .numbers = std::move(numbers)};
    for (auto at = waiting.matched.begin();
         at != waiting.matched.end() && outcome.messages.size() < Outcome::messages_max; ++at)
      outcome.messages.push_back(*at);
    finish(waiting, std::move(outcome));
  };
  const Diagnosed diagnosed{.await = waiting.await, .first_message = waiting.first_message, .matched = waiting.matched.size()};
  if (waiting.scope_has_ended) {
    Outcome outcome{.is = Outcome::Is::cannot_hold};
    outcome.reason = text_of(condition) + ": the scope '" + scope.value_or("") + "' has ended; wait before you end it";
    return finish(waiting, std::move(outcome));
  }
  std::optional<ConditionNumbers> numbers;
  std::string never;
  TimePoint look_again = waiting.ends_at;
  if (const auto* message = std::get_if<MessageCondition>(&condition)) {
    if (waiting.matched.size() >= message->count) numbers = ConditionNumbers{{"count", waiting.matched.size()}};
  } else if (const auto* queue = std::get_if<QueueCondition>(&condition)) {
    numbers = holds(broker_, *queue, scope);
  } else if (const auto* connections = std::get_if<ConnectionsCondition>(&condition)) {
    numbers = holds(broker_, ledger_, *connections, scope);
  } else if (const auto* drained = std::get_if<DrainedCondition>(&condition)) {
    numbers = holds(broker_, ledger_, *drained, scope, waiting.published_before);
    if (!numbers) never = why_never_drained(broker_, ledger_, *drained, scope);
  } else if (const auto* quiet = std::get_if<QuietCondition>(&condition)) {
    auto since = from == Await::From::now ? waiting.began_at : TimePoint{};
    ledger_.for_each_scope(scope, [&](const LedgerScope& each) { since = std::max(since, each.last_event_at.real); });
    if (now - since >= quiet->time) numbers = ConditionNumbers{};
    look_again = std::min(look_again, since + quiet->time);
  }
  if (numbers) return finish_with(std::move(*numbers));
  if (!never.empty()) return finish(waiting, diagnose(broker_, ledger_, diagnosed, never));
  if (now >= waiting.ends_at) return finish(waiting, diagnose(broker_, ledger_, diagnosed, {}));
  waiting.alarm.set(look_again);
}

void Awaits::finish(Waiting& waiting, Outcome outcome) {
  const auto taken = take(waiting.number);
  taken->done(outcome);
}

}  // namespace pocketmq::broker
