#include "broker/account/awaits.hpp"

#include <algorithm>
#include <utility>

#include "broker/account/condition_check.hpp"
#include "broker/account/diagnosis.hpp"
#include "broker/session/broker.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t steps_for_a_check = 20;
constexpr std::size_t steps_for_a_comparison = 10;

}  // namespace

struct Awaits::Waiting {
  Waiting(Awaits& awaits, std::uint64_t its_number, Await what, Done when_done)
      : owner{awaits},
        number{its_number},
        await{std::move(what)},
        done{std::move(when_done)},
        alarm{awaits.context_.real_deadlines(), *this, &Waiting::wake} {}

  void wake() { owner.wake(number); }
  [[nodiscard]] const MessageCondition* for_messages() const { return std::get_if<MessageCondition>(&await.condition); }

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
  std::uint64_t scan_until{0};        // later messages are compared when something happens to them
  std::set<std::uint64_t> matched{};  // messages that match now
  std::set<std::uint64_t> near{};     // the first messages that are right, but not where they are to be
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

// Who has gone might have acted in any scope.
void Awaits::on_login_given_up() {
  mark(all_);
  for (auto& [vhost, line] : lines_) mark(line);
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
    budget.use(steps_for_a_comparison);
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
    budget.use(steps_for_a_comparison);
    waiting.next_to_scan = message.number + 1;
    const bool is_in_scope = !waiting.await.scope || message.scope->vhost == *waiting.await.scope;
    if (is_in_scope && !message.scope->is_forgotten) compare(waiting, message);
    return true;
  });
  return has_time;
}

// A message may match now, and no longer later. Those that match are remembered, but no more than are wanted: when one
// of them no longer matches, another one may take its place.
void Awaits::compare(Waiting& waiting, const LedgerMessage& message) {
  const auto& [match, count] = *waiting.for_messages();
  auto& budget = context_.budget();
  const bool is_in_place = match.place_matches(message, budget);
  const bool wants_near = waiting.near.size() < DiagnosisBounds::messages;
  const bool is_right = (is_in_place || wants_near) && match.content_matches(message, budget);
  if (is_right && is_in_place) {
    if (waiting.matched.size() >= count) return;
    waiting.matched.insert(message.number);
    to_check_.insert(waiting.number);
    return;
  }
  if (is_right) waiting.near.insert(message.number);
  const bool was_full = waiting.matched.size() == count;
  if (waiting.matched.erase(message.number) == 0 || !was_full) return;
  waiting.next_to_scan = waiting.first_message;
  waiting.scan_until = ledger_.last_message();
  to_check_.insert(waiting.number);
}

std::optional<ConditionNumbers> Awaits::numbers_of(const Waiting& waiting) const {
  const auto& [condition, scope, from, within] = waiting.await;
  if (const auto* message = std::get_if<MessageCondition>(&condition))
    return waiting.matched.size() < message->count ? std::nullopt
                                                   : std::optional{ConditionNumbers{{"count", waiting.matched.size()}}};
  if (const auto* queue = std::get_if<QueueCondition>(&condition)) return broker::holds(broker_, *queue, scope);
  if (const auto* connections = std::get_if<ConnectionsCondition>(&condition))
    return broker::holds(broker_, ledger_, *connections, scope);
  if (const auto* drained = std::get_if<DrainedCondition>(&condition))
    return broker::holds(broker_, ledger_, *drained, scope, waiting.published_before);
  return context_.clock().real_now() < quiet_at(waiting) ? std::nullopt : std::optional{ConditionNumbers{}};
}

// When the scope will have been quiet for long enough, if nothing happens.
TimePoint Awaits::quiet_at(const Waiting& waiting) const {
  auto since = waiting.await.from == Await::From::now ? waiting.began_at : TimePoint{};
  ledger_.for_each_scope(waiting.await.scope,
                         [&](const LedgerScope& each) { since = std::max(since, each.last_event_at.real); });
  return since + std::get<QuietCondition>(waiting.await.condition).time;
}

std::string Awaits::why_never(const Waiting& waiting) const {
  const auto* drained = std::get_if<DrainedCondition>(&waiting.await.condition);
  return drained == nullptr ? "" : why_never_drained(broker_, ledger_, *drained, waiting.await.scope);
}

void Awaits::check(Waiting& waiting) {
  const auto& [condition, scope, from, within] = waiting.await;
  if (waiting.scope_has_ended)
    return finish(waiting, {.is = AwaitOutcome::Is::cannot_hold,
                            .reason = text_of(condition) + ": the scope '" + scope.value_or("")
                                      + "' has ended; wait before you end it"});
  if (auto numbers = numbers_of(waiting)) {
    AwaitOutcome outcome{.is = AwaitOutcome::Is::holds, .numbers = std::move(*numbers)};
    for (const auto number : waiting.matched)
      if (outcome.messages.size() < AwaitOutcome::messages_max) outcome.messages.push_back(number);
    return finish(waiting, std::move(outcome));
  }
  const auto never = why_never(waiting);
  if (!never.empty() || context_.clock().real_now() >= waiting.ends_at)
    return finish(waiting, diagnose(broker_, ledger_,
                                    {.await = waiting.await,
                                     .first_message = waiting.first_message,
                                     .published_before = waiting.published_before,
                                     .matched = waiting.matched.size(),
                                     .near = {waiting.near.begin(), waiting.near.end()}},
                                    never));
  const bool is_for_quiet = std::holds_alternative<QuietCondition>(condition);
  waiting.alarm.set(is_for_quiet ? std::min(waiting.ends_at, quiet_at(waiting)) : waiting.ends_at);
}

void Awaits::finish(Waiting& waiting, AwaitOutcome outcome) {
  const auto taken = take(waiting.number);
  taken->done(outcome);
}

}  // namespace pocketmq::broker
