#include "broker/account/ledger.hpp"

#include <algorithm>
#include <utility>

#include "broker/account/ledger_lookup.hpp"
#include "broker/account/message_match.hpp"
#include "broker/journal/ndjson.hpp"
#include "broker/session/broker.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t steps_for_a_message = 10;  // to look at it

}  // namespace

Ledger::Ledger(Broker& broker, const LedgerBounds& bounds)
    : broker_{broker},
      context_{broker.context()},
      bounds_{bounds},
      sweeping_{context_.backlog(), *this, &Ledger::sweep} {
  subscription_ = context_.journal().subscribe([this](const Entry& entry) { apply(entry); }, {.since = 1});
}

Ledger::~Ledger() {
  subscription_.end();
  context_.memory().release(charged_bytes_);
}

// ---- what there is

LedgerMessage* Ledger::find(std::uint64_t message) { return find_in(messages_, message); }
const LedgerMessage* Ledger::find(std::uint64_t message) const { return find_in(messages_, message); }
const LedgerConnection* Ledger::find_connection(std::uint64_t number) const { return find_in(connections_, number); }
LedgerConnection* Ledger::connection(std::uint64_t number) { return find_in(connections_, number); }

const LedgerScope* Ledger::find_scope(std::string_view vhost) const {
  const auto* found = find_in(scopes_, vhost);
  return found == nullptr || found->is_forgotten ? nullptr : found;
}

LedgerChannel* Ledger::channel(std::uint64_t connection, std::uint16_t channel) {
  auto* found = find_in(connections_, connection);
  return found == nullptr ? nullptr : find_in(found->channels, channel);
}

LedgerScope& Ledger::scope_of(std::string_view vhost) {
  auto& scope = entry_of(scopes_, vhost);
  if (scope.vhost.empty()) scope.vhost = vhost;
  return scope;
}

std::string Ledger::name_of_connection(std::uint64_t number) const {
  const auto* found = find_connection(number);
  return found == nullptr || found->name.empty() ? "connection " + std::to_string(number) : found->name;
}

// ---- lists

MessagePage Ledger::messages(const MessageQuery& query) const { return find(MessageMatch{}, query); }

MessagePage Ledger::find(const MessageMatch& match, const MessageQuery& query) const {
  MessagePage page;
  auto from = query.from;
  if (query.vhost) {
    const auto* scope = find_scope(*query.vhost);
    if (scope == nullptr) return page;
    from = std::max(from, scope->first_message);
  }
  auto& budget = context_.budget();
  std::size_t looked_at = 0;
  for (auto at = messages_.lower_bound(from); at != messages_.end(); ++at) {
    const auto& message = at->second;
    if (page.messages.size() == query.max || ++looked_at > looked_at_max) {
      page.next = message.number;
      break;
    }
    budget.use(steps_for_a_message);
    if (message.scope->is_forgotten || (query.vhost && message.scope->vhost != *query.vhost)) continue;
    const auto* queue = query.queue ? &*query.queue : nullptr;
    if (!message.is(query.state.value_or(MessageState::published), queue)) continue;
    if (match.matches(message, budget)) page.messages.push_back(&message);
  }
  return page;
}

std::vector<std::string> Ledger::life(std::uint64_t number) const {
  std::vector<std::string> lines;
  const auto* message = find(number);
  if (message == nullptr) return lines;
  for (const auto event : message->events)
    (void)context_.journal().read(event, 1, [&](const Entry& entry) {
      if (entry.number() != event || entry.find<event::Gap>() != nullptr) return;
      auto& line = lines.emplace_back();
      append_ndjson(entry, line);
      line.pop_back();
    });
  return lines;
}

// ---- memory

void Ledger::charge(LedgerMessage& message, std::size_t bytes) {
  message.charged_bytes += bytes;
  charged_bytes_ += bytes;
  context_.memory().charge(bytes);
}

void Ledger::make_room(std::size_t bytes) {
  while (charged_bytes_ + bytes > bounds_.total_bytes && !ended_.empty()) {
    auto* message = find(ended_.front());
    ended_.pop_front();
    if (message != nullptr && message->has_ended()) remove(*message);
  }
}

void Ledger::remove(LedgerMessage& message) {
  charged_bytes_ -= message.charged_bytes;
  context_.memory().release(message.charged_bytes);
  --message.scope->messages_kept;
  ++message.scope->messages_dropped;
  messages_.erase(message.number);
}

void Ledger::forget(std::string_view vhost) {
  auto* scope = find_in(scopes_, vhost);
  if (scope == nullptr) return;
  scope->is_forgotten = true;
  if (listener_ != nullptr) listener_->on_event(*scope);
  sweeping_.wait_in_line();
}

bool Ledger::sweep() {
  auto& budget = context_.budget();
  for (auto at = scopes_.begin(); at != scopes_.end();) {
    auto& scope = at->second;
    if (!scope.is_forgotten) {
      ++at;
      continue;
    }
    for (auto message = messages_.lower_bound(scope.first_message);
         scope.messages_kept > 0 && message != messages_.end();) {
      if (budget.is_used_up()) return false;
      budget.use(steps_for_a_message);
      auto& next = (message++)->second;
      scope.first_message = next.number + 1;
      if (next.scope == &scope) remove(next);
    }
    for (const auto* numbers : {&scope.connections, &scope.ended})
      for (const auto number : *numbers) connections_.erase(number);
    at = scopes_.erase(at);
  }
  return true;
}

}  // namespace pocketmq::broker
