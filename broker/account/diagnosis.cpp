#include "broker/account/diagnosis.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "broker/account/condition_check.hpp"
#include "broker/account/message_story.hpp"
#include "broker/account/near_misses.hpp"
#include "broker/explain/edit_distance.hpp"
#include "broker/request/duration.hpp"
#include "broker/session/broker.hpp"
#include "protocol/base/printable.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t candidates_max = 1'000;
constexpr std::size_t steps_for_a_line = 100;
constexpr std::size_t steps_for_a_diagnosed_message = 10;

std::string is_or_are(std::uint64_t count, std::string_view rest) {
  return std::to_string(count) + (count == 1 ? " is " : " are ") + std::string{rest};
}

// Makes the text of one outcome.
class Diagnosis {
 public:
  Diagnosis(Broker& broker, const Ledger& ledger, const Diagnosed& diagnosed, const std::string& never)
      : broker_{broker},
        ledger_{ledger},
        diagnosed_{diagnosed},
        await_{diagnosed.await},
        never_{never},
        stories_{broker, ledger} {}

  [[nodiscard]] AwaitOutcome make() && {
    std::visit([this](const auto& condition) { tell(condition); }, await_.condition);
    outcome_.is = never_.empty() ? AwaitOutcome::Is::timeout : AwaitOutcome::Is::cannot_hold;
    outcome_.reason = std::move(head_);
    for (const auto& line : outcome_.seen) outcome_.reason += "\n  " + indented(line);
    if (left_out_ > 0) outcome_.reason += "\n  and " + std::to_string(left_out_) + " more";
    for (const auto& line : loose_nearest_) {
      outcome_.reason += "\n  " + line;
      if (outcome_.nearest.size() < DiagnosisBounds::nearest) outcome_.nearest.push_back(line);
    }
    return std::move(outcome_);
  }

 private:
  void tell(const MessageCondition& condition);
  void tell(const QueueCondition& condition);
  void tell(const ConnectionsCondition& condition);
  void tell(const DrainedCondition& condition);
  void tell(const QuietCondition& condition);

  [[nodiscard]] static std::string indented(const std::string& text) {
    std::string to;
    for (const char letter : text) to += letter == '\n' ? std::string{"\n     "} : std::string{letter};
    return to;
  }
  [[nodiscard]] std::string within() const { return " within " + duration_text(await_.within); }
  [[nodiscard]] std::string in_scope() const { return await_.scope ? " in this scope" : ""; }
  [[nodiscard]] std::string since() const { return await_.from == Await::From::now ? " since the await began" : ""; }
  [[nodiscard]] std::uint64_t published() const {
    const auto all = published_in(ledger_, await_.scope);
    return all - std::min(all, diagnosed_.published_before);
  }
  void add(const LedgerMessage& message);
  void add_line(std::string line);
  void add_messages(const std::vector<const LedgerMessage*>& messages, std::uint64_t all);
  void add_connections(const std::optional<TextMatch>& name);
  [[nodiscard]] std::string connections_text() const;
  [[nodiscard]] std::vector<const LedgerMessage*> closest();
  [[nodiscard]] std::uint64_t find_left(const LedgerScope& scope, const DrainedCondition& condition,
                                        std::vector<const LedgerMessage*>& left) const;
  void visit_first_messages(auto&& visit) const;
  [[nodiscard]] std::uint64_t first_message() const;
  void add_near_names(const MessageMatch& match);
  void add_near(const TextMatch& wanted, const std::set<std::string>& known, std::string_view what);
  void add_queue(const LedgerScope& scope, const Queue& queue);
  [[nodiscard]] bool visit_queue(const std::string& name, auto&& visit);

  Broker& broker_;
  const Ledger& ledger_;
  const Diagnosed& diagnosed_;
  const Await& await_;
  const std::string& never_;
  const MessageStories stories_;
  AwaitOutcome outcome_{};
  std::string head_{};
  std::vector<std::string> loose_nearest_{};
  std::uint64_t left_out_{0};
  std::size_t explained_{0};
};

// ---- lists

void Diagnosis::add_line(std::string line) {
  broker_.context().budget().use(steps_for_a_line);
  if (outcome_.seen.size() < DiagnosisBounds::messages)
    outcome_.seen.push_back(std::move(line));
  else
    ++left_out_;
}

void Diagnosis::add(const LedgerMessage& message) {
  auto line = stories_.of(message);
  if (message.was_unroutable && explained_++ < DiagnosisBounds::explained)
    for (const auto& miss : near_misses_of(broker_, message)) {
      line += "\n" + miss;
      if (outcome_.nearest.size() < DiagnosisBounds::nearest) outcome_.nearest.push_back(miss);
    }
  if (const auto* wanted = std::get_if<MessageCondition>(&await_.condition)) {
    auto& budget = broker_.context().budget();
    const auto differences = wanted->match.differences(message, budget);
    // One difference is a near miss; that another message is another one says nothing.
    if (differences.size() == 1 && wanted->match.criteria() > 1) line += "\nbut " + differences.front();
  }
  add_line(std::move(line));
}

void Diagnosis::add_messages(const std::vector<const LedgerMessage*>& messages, std::uint64_t all) {
  for (const auto* message : messages) add(*message);
  const auto shown = std::min<std::uint64_t>(messages.size(), DiagnosisBounds::messages);
  left_out_ = all - std::min(all, shown);
}

std::string Diagnosis::connections_text() const {
  std::uint64_t ever = 0;
  std::string names;
  std::size_t open = 0;
  ledger_.for_each_scope(await_.scope, [&](const LedgerScope& scope) {
    ever += scope.connections_ever;
    for (const auto number : scope.connections)
      if (++open <= 3) names += (names.empty() ? "" : ", ") + shown_name(ledger_.name_of_connection(number));
  });
  if (ever == 0) return "no client has connected";
  if (open == 0) return "no client is connected, and " + std::to_string(ever) + (ever == 1 ? " was" : " were");
  return is_or_are(open, "connected (" + names + (open > 3 ? ", ..." : "") + ")");
}

void Diagnosis::add_connections(const std::optional<TextMatch>& name) {
  using Is = LedgerConnection::Is;
  const auto& clock = broker_.context().clock();
  for (const bool is_open : {true, false})
    ledger_.for_each_connection(await_.scope, [&](const LedgerConnection& connection) {
      if (connection.has_ended() == is_open || (name && !is_open && !name->matches(connection.name))) return;
      const auto ago = duration_text(connection.since.ago(clock));
      auto line = shown_name(connection.name) + " (connection " + std::to_string(connection.number)
                  + (connection.user.empty() ? "" : ", user " + shown_name(connection.user)) + ") ";
      const auto why = connection.why.empty() ? "" : ": " + protocol::printable(connection.why);
      switch (connection.is) {
        case Is::logging_in: line += "has been logging in for " + ago; break;
        case Is::open: line += "has been open for " + ago; break;
        case Is::closed_by_client: line += "was closed by its client " + ago + " ago"; break;
        case Is::closed_by_broker: line += "was closed by the broker " + ago + " ago" + why; break;
        case Is::lost: line += "was lost " + ago + " ago" + why; break;
      }
      if (connection.is_frozen) line += ", and is frozen by a fault";
      add_line(std::move(line));
    });
}

// ---- a message

// Those that come closest, in the order in which they were published: what is the right message in the wrong state
// before what found no queue, and that before all others.
std::vector<const LedgerMessage*> Diagnosis::closest() {
  std::set<std::uint64_t> found;
  const auto add_found = [&](std::uint64_t number) {
    const auto* message = ledger_.find(number);
    if (message != nullptr && number >= diagnosed_.first_message && found.size() < DiagnosisBounds::messages)
      found.insert(number);
  };
  for (const auto number : diagnosed_.near) add_found(number);
  ledger_.for_each_scope(await_.scope, [&](const LedgerScope& scope) {
    for (const auto& [what, tally] : scope.happened)
      if (what.first == Happened::unroutable || what.first == Happened::returned)
        for (const auto number : tally.samples) add_found(number);
  });
  visit_first_messages([&](const LedgerMessage& message) { add_found(message.number); });
  std::vector<const LedgerMessage*> messages;
  for (const auto number : found) messages.push_back(ledger_.find(number));
  return messages;
}

void Diagnosis::visit_first_messages(auto&& visit) const {
  std::size_t looked_at = 0;
  ledger_.for_each_message(first_message(), [&](const LedgerMessage& message) {
    broker_.context().budget().use(steps_for_a_diagnosed_message);
    const bool is_in_scope = !await_.scope || message.scope->vhost == *await_.scope;
    if (is_in_scope && !message.scope->is_forgotten) visit(message);
    return ++looked_at < DiagnosisBounds::looked_at;
  });
}

std::uint64_t Diagnosis::first_message() const {
  const auto* scope = await_.scope ? ledger_.find_scope(*await_.scope) : nullptr;
  return scope == nullptr ? diagnosed_.first_message : std::max(diagnosed_.first_message, scope->first_message);
}

void Diagnosis::add_near(const TextMatch& wanted, const std::set<std::string>& known, std::string_view what) {
  if (wanted.exact() == nullptr || known.contains(*wanted.exact())) return;
  for (const auto& name : names_near(*wanted.exact(), {known.begin(), known.end()}))
    loose_nearest_.push_back("nearest: " + std::string{what} + " " + shown_name(name));
}

void Diagnosis::add_near_names(const MessageMatch& match) {
  std::set<std::string> keys;
  std::set<std::string> exchanges;
  std::set<std::string> queues;
  visit_first_messages([&](const LedgerMessage& message) {
    keys.insert(message.routing_key);
    exchanges.insert(message.exchange);
    for (auto place = message.places.begin(); place != message.places.end() && queues.size() < candidates_max; ++place)
      queues.insert(place->first);
  });
  if (match.routing_key) add_near(*match.routing_key, keys, "routing key");
  if (match.exchange) add_near(*match.exchange, exchanges, "exchange");
  if (match.queue) add_near(*match.queue, queues, "queue");
}

void Diagnosis::tell(const MessageCondition& condition) {
  const auto count = published();
  head_ = condition.count == 1 ? "no message" + condition.match.text() + within()
                               : std::to_string(diagnosed_.matched) + " of " + std::to_string(condition.count)
                                     + " messages" + condition.match.text() + within();
  std::uint64_t all = count;
  if (await_.from == Await::From::begin)
    ledger_.for_each_scope(await_.scope, [&](const LedgerScope& scope) { all += scope.dead_letters; });
  if (all == 0) {
    head_ += ": nothing was published" + in_scope() + since() + ", and " + connections_text();
    return;
  }
  head_ += ". " + std::to_string(count) + (count == 1 ? " was" : " were") + " published" + in_scope() + since()
           + (all > count ? ", and " + std::to_string(all - count) + " dead-lettered" : "") + ":";
  add_messages(closest(), all);
  add_near_names(condition.match);
}

// ---- drained

// Adds the first messages that keep the scope from being drained, and returns how many there are.
std::uint64_t Diagnosis::find_left(const LedgerScope& scope, const DrainedCondition& condition,
                                   std::vector<const LedgerMessage*>& left) const {
  std::uint64_t count = 0;
  std::size_t looked_at = 0;
  for (const auto number : scope.alive) {
    if (++looked_at > DiagnosisBounds::counted) break;
    broker_.context().budget().use(steps_for_a_diagnosed_message);
    const auto* message = ledger_.find(number);
    if (message == nullptr || !keeps_from_drained(*message, condition)) continue;
    ++count;
    if (left.size() < DiagnosisBounds::messages) left.push_back(message);
  }
  if (looked_at <= DiagnosisBounds::counted) return count;
  count = scope.unrouted + scope.awaited + scope.letters;
  for (const auto& [name, queue] : scope.queues) {
    const bool may_rest = std::ranges::find(condition.rests_in, name) != condition.rests_in.end();
    count += queue.unacked.size() + (may_rest ? 0 : queue.ready);
  }
  return count;
}

void Diagnosis::tell(const DrainedCondition& condition) {
  const auto count = published();
  head_ = never_.empty() ? "not drained" + within() : "cannot become drained: " + never_;
  std::vector<const LedgerMessage*> left;
  std::uint64_t left_count = 0;
  ledger_.for_each_scope(await_.scope,
                         [&](const LedgerScope& scope) { left_count += find_left(scope, condition, left); });
  const auto joint = never_.empty() ? ": " : ". ";
  if (left_count == 0) {
    head_ += joint
             + (count == 0
                    ? "nothing was published" + in_scope() + since()
                    : std::to_string(count) + (count == 1 ? " message was" : " messages were") + " published"
                          + in_scope() + since() + ", and at least " + std::to_string(condition.count) + " are wanted")
             + ", and " + connections_text();
    return;
  }
  std::uint64_t all = 0;
  ledger_.for_each_scope(await_.scope, [&](const LedgerScope& s) { all += s.published + s.dead_letters; });
  head_ += joint + std::to_string(left_count) + " of " + std::to_string(all) + (all == 1 ? " message" : " messages")
           + (left_count == 1 ? " has" : " have") + " not ended";
  if (!condition.rests_in.empty()) {
    std::string queues;
    for (const auto& queue : condition.rests_in) queues += (queues.empty() ? "" : " or ") + shown_name(queue);
    head_ += left_count == 1 ? " and does not rest in " + queues : " and do not rest in " + queues;
  }
  head_ += ":";
  add_messages(left, left_count);
  std::set<std::string> occupied;
  ledger_.for_each_scope(await_.scope, [&](const LedgerScope& scope) {
    for (auto queue = scope.queues.begin(); queue != scope.queues.end() && occupied.size() < candidates_max; ++queue)
      if (queue->second.ready > 0) occupied.insert(queue->first);
  });
  for (const auto& queue : condition.rests_in) add_near(TextMatch{queue}, occupied, "queue");
}

// ---- the others

bool Diagnosis::visit_queue(const std::string& name, auto&& visit) {
  bool is_there = false;
  ledger_.for_each_scope(await_.scope, [&](const LedgerScope& scope) {
    const auto* vhost = broker_.find_virtual_host(scope.vhost);
    const auto* queue = vhost == nullptr ? nullptr : vhost->find_queue(name);
    if (queue == nullptr || is_there) return;
    is_there = true;
    visit(scope, *queue);
  });
  return is_there;
}

void Diagnosis::add_queue(const LedgerScope& scope, const Queue& queue) {
  head_ += ": it has " + std::to_string(queue.ready()) + " ready, " + std::to_string(queue.unacked()) + " unacked, "
           + std::to_string(queue.consumers()) + (queue.consumers() == 1 ? " consumer" : " consumers");
  std::vector<const LedgerMessage*> messages;
  const auto add_message = [&](std::uint64_t number) {
    const auto* message = ledger_.find(number);
    if (message != nullptr && messages.size() < DiagnosisBounds::messages) messages.push_back(message);
    return messages.size() < DiagnosisBounds::messages;
  };
  queue.ready_messages().for_each([&](const Message& message) { return add_message(message.number()); });
  if (const auto* known = scope.find_queue(queue.name()))
    for (auto number = known->unacked.begin(); number != known->unacked.end() && add_message(*number);) ++number;
  if (queue.ready() + queue.unacked() > 0) head_ += ":";
  add_messages(messages, queue.ready() + queue.unacked());
}

void Diagnosis::tell(const QueueCondition& condition) {
  head_ = "no " + text_of(await_.condition) + within();
  if (visit_queue(condition.name, [&](const LedgerScope& scope, const Queue& queue) { add_queue(scope, queue); }))
    return;
  std::vector<std::string> names;
  ledger_.for_each_scope(await_.scope, [&](const LedgerScope& scope) {
    if (const auto* vhost = broker_.find_virtual_host(scope.vhost))
      vhost->for_each_queue([&](const Queue& queue) {
        if (names.size() < candidates_max) names.push_back(queue.name());
      });
  });
  std::ranges::sort(names);
  head_ += ": there is no such queue";
  if (names.empty()) head_ += ", and no other one, and " + connections_text();
  for (const auto& name : names_near(condition.name, names))
    loose_nearest_.push_back("nearest: queue " + shown_name(name));
  if (!names.empty() && loose_nearest_.empty()) {
    head_ += "; there are";
    for (std::size_t i = 0; i < std::min(names.size(), DiagnosisBounds::messages); ++i)
      head_ += (i == 0 ? " " : ", ") + shown_name(names[i]);
    if (names.size() > DiagnosisBounds::messages) head_ += ", ...";
  }
}

void Diagnosis::tell(const ConnectionsCondition& condition) {
  std::uint64_t open = 0;
  ledger_.for_each_scope(await_.scope, [&](const LedgerScope& scope) {
    for (const auto number : scope.connections) {
      const auto* connection = ledger_.find_connection(number);
      open += connection != nullptr && (!condition.name || condition.name->matches(connection->name)) ? 1 : 0;
    }
  });
  head_ = "not " + text_of(await_.condition) + within() + ": " + is_or_are(open, "open");
  add_connections(condition.name);
  if (!outcome_.seen.empty()) head_ += ":";
  if (condition.name && open == 0) {
    std::set<std::string> names;
    ledger_.for_each_connection(await_.scope, [&](const LedgerConnection& each) { names.insert(each.name); });
    add_near(*condition.name, names, "connection");
  }
}

void Diagnosis::tell(const QuietCondition& condition) {
  Moment last{};
  std::string_view kind;
  ledger_.for_each_scope(await_.scope, [&](const LedgerScope& scope) {
    if (scope.last_event_at.real < last.real || scope.last_event.name.empty()) return;
    last = scope.last_event_at;
    kind = scope.last_event.name;
  });
  head_ = "not quiet for " + duration_text(condition.time) + within();
  if (kind.empty()) return;
  head_ += ": the last event was " + std::string{kind} + ", "
           + duration_text(broker_.context().clock().real_now() - last.real) + " ago";
}

}  // namespace

AwaitOutcome diagnose(Broker& broker, const Ledger& ledger, const Diagnosed& diagnosed, const std::string& never) {
  return Diagnosis{broker, ledger, diagnosed, never}.make();
}

}  // namespace pocketmq::broker
