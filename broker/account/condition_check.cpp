#include "broker/account/condition_check.hpp"

#include <algorithm>

#include "broker/session/broker.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t steps_for_a_queue = 3;
constexpr std::size_t steps_for_a_connection = 10;

bool may_rest_in(const DrainedCondition& condition, std::string_view queue) {
  return std::ranges::find(condition.rests_in, queue) != condition.rests_in.end();
}

bool is_drained(Context& context, const LedgerScope& scope, const DrainedCondition& condition) {
  if (scope.alive.empty()) return true;
  if (scope.unrouted > 0 || scope.awaited > 0 || scope.letters > 0) return false;
  context.budget().use(scope.queues.size() * steps_for_a_queue);
  return std::ranges::all_of(scope.queues, [&](const auto& named) {
    const auto& [name, queue] = named;
    return queue.unacked.empty() && (queue.ready == 0 || may_rest_in(condition, name));
  });
}

// A connection that nothing passes through any more, and neither side notices.
bool is_as_good_as_closed(Broker& broker, const LedgerConnection& connection) {
  if (!connection.is_frozen) return false;
  bool has_heartbeats = true;
  broker.for_each_session([&](Session& session) {
    if (session.number() == connection.number) has_heartbeats = session.has_heartbeats();
  });
  return !has_heartbeats;
}

bool all_have_finished(Broker& broker, const Ledger& ledger, const LedgerScope& scope) {
  if (scope.connections_ever != scope.connections_finished + scope.connections.size()) return false;
  return std::ranges::all_of(scope.connections, [&](std::uint64_t number) {
    const auto* connection = ledger.find_connection(number);
    return connection != nullptr && is_as_good_as_closed(broker, *connection);
  });
}

// Whether messages that do not expire stay in the queue until somebody acts.
bool keeps_its_messages(Broker& broker, const LedgerScope& scope, const std::string& name) {
  const auto* vhost = broker.find_virtual_host(scope.vhost);
  const auto* queue = vhost == nullptr ? nullptr : vhost->find_queue(name);
  if (queue == nullptr) return false;
  // It is deleted with its last consumer, or with a connection.
  if (queue->declaration().auto_delete || queue->declaration().owner != 0) return false;
  const auto& settings = queue->settings();
  if (queue->is_quorum() && settings.delivery_limit) return false;  // it may drop what is requeued
  return !settings.expires && !settings.max_length && !settings.max_length_bytes;
}

// Whether all that is unacked is held by connections that are open. Otherwise it is about to be requeued.
bool is_held_by_open_connections(const Ledger& ledger, const LedgerScope& scope) {
  for (const auto& [name, queue] : scope.queues)
    for (const auto number : queue.unacked) {
      const auto* message = ledger.find(number);
      const auto* place = message == nullptr ? nullptr : message->find_place(name);
      if (place == nullptr || !scope.connections.contains(place->client.connection)) return false;
    }
  return true;
}

// Whether a message is unacked that would not leave the queue if it was requeued, for example after an ack timeout.
bool holds_for_good(const Ledger& ledger, const LedgerQueue& queue, const std::string& name) {
  return std::ranges::any_of(queue.unacked, [&](std::uint64_t number) {
    const auto* message = ledger.find(number);
    const auto* place = message == nullptr ? nullptr : message->find_place(name);
    return place != nullptr && !place->may_expire;
  });
}

// A queue whose messages nobody will take any more; empty if there is none.
std::string stuck_queue(Broker& broker, const Ledger& ledger, const LedgerScope& scope,
                        const DrainedCondition& condition) {
  if (!is_held_by_open_connections(ledger, scope)) return {};
  for (const auto& [name, queue] : scope.queues) {
    if (queue.is_deleted || !queue.had_consumer || may_rest_in(condition, name)) continue;
    if (!keeps_its_messages(broker, scope, name)) continue;
    if (queue.ready_for_good > 0 || holds_for_good(ledger, queue, name)) return name;
  }
  return {};
}

}  // namespace

std::uint64_t published_in(const Ledger& ledger, const std::optional<std::string>& scope) {
  std::uint64_t published = 0;
  ledger.for_each_scope(scope, [&](const LedgerScope& each) { published += each.published; });
  return published;
}

std::optional<ConditionNumbers> holds(Broker& broker, const QueueCondition& condition,
                                      const std::optional<std::string>& scope) {
  std::optional<ConditionNumbers> numbers;
  const auto is_met = [](const std::optional<WantedNumber>& wanted, std::uint64_t has) {
    return !wanted || wanted->is_met_by(has);
  };
  const auto look_in = [&](const VirtualHost* vhost) {
    const auto* queue = vhost == nullptr ? nullptr : vhost->find_queue(condition.name);
    if (queue == nullptr || numbers) return;
    if (is_met(condition.ready, queue->ready()) && is_met(condition.unacked, queue->unacked())
        && is_met(condition.consumers, queue->consumers()))
      numbers = {{"ready", queue->ready()}, {"unacked", queue->unacked()}, {"consumers", queue->consumers()}};
  };
  if (scope) {
    look_in(broker.find_virtual_host(*scope));
  } else {
    for (const auto& [name, vhost] : broker.virtual_hosts()) look_in(&vhost);
  }
  return numbers;
}

std::optional<ConditionNumbers> holds(Broker& broker, const Ledger& ledger, const ConnectionsCondition& condition,
                                      const std::optional<std::string>& scope) {
  auto& budget = broker.context().budget();
  std::uint64_t count = 0;
  ledger.for_each_scope(scope, [&](const LedgerScope& each) {
    if (!condition.name) {
      count += each.connections.size();
      return;
    }
    budget.use(each.connections.size() * steps_for_a_connection);
    for (const auto number : each.connections)
      if (const auto* connection = ledger.find_connection(number))
        count += condition.name->matches(connection->name, &budget) ? 1 : 0;
  });
  if (!condition.count.is_met_by(count)) return std::nullopt;
  return ConditionNumbers{{"count", count}};
}

std::optional<ConditionNumbers> holds(Broker& broker, const Ledger& ledger, const DrainedCondition& condition,
                                      const std::optional<std::string>& scope, std::uint64_t published_before) {
  const auto published = published_in(ledger, scope);
  if (published < published_before + condition.count) return std::nullopt;
  bool drained = true;
  ledger.for_each_scope(
      scope, [&](const LedgerScope& each) { drained = drained && is_drained(broker.context(), each, condition); });
  if (!drained) return std::nullopt;
  return ConditionNumbers{{"published", published - published_before}};
}

std::string why_never_drained(Broker& broker, const Ledger& ledger, const DrainedCondition& condition,
                              const std::optional<std::string>& scope) {
  if (ledger.logging_in() > 0) return {};
  bool nobody_is_left = true;
  std::uint64_t connections_ever = 0;
  ledger.for_each_scope(scope, [&](const LedgerScope& each) {
    nobody_is_left = nobody_is_left && each.unrouted == 0 && each.awaited == 0 && each.letters == 0
                     && all_have_finished(broker, ledger, each);
    connections_ever += each.connections_ever;
  });
  if (!nobody_is_left || connections_ever == 0) return {};
  std::string why;
  ledger.for_each_scope(scope,
                        [&](const LedgerScope& each) {
                          if (!why.empty()) return;
                          const auto queue = stuck_queue(broker, ledger, each, condition);
                          if (queue.empty()) return;
                          why = each.connections.empty() ? "nobody is left who could consume from '" + queue
                                         + "': all clients of the scope have closed their connections"
                                   : "nobody is left who could consume from '" + queue
                                         + "': the connections that are open are frozen by a fault, and have no heartbeats";
                        });
  return why;
}

bool keeps_from_drained(const LedgerMessage& message, const DrainedCondition& condition) {
  if (message.is_unrouted || message.awaited > 0 || message.letters > 0) return true;
  return std::ranges::any_of(message.places, [&](const auto& named) {
    const auto& [name, place] = named;
    return place.is == LedgerPlace::Is::unacked
           || (place.is == LedgerPlace::Is::ready && !may_rest_in(condition, name));
  });
}

}  // namespace pocketmq::broker
