// How events change the ledger.
#include <algorithm>
#include <utility>

#include "broker/account/ledger.hpp"
#include "broker/account/ledger_lookup.hpp"
#include "broker/core/context.hpp"

namespace pocketmq::broker {
namespace {

// What entries take in maps and sets, with what the allocator adds.
constexpr std::size_t map_node_bytes = 64;
constexpr std::size_t message_bytes = sizeof(LedgerMessage) + 3 * map_node_bytes + 16 * sizeof(std::uint64_t);
constexpr std::size_t place_bytes = sizeof(std::pair<const std::string, LedgerPlace>) + map_node_bytes;

}  // namespace

// ---- events

void Ledger::apply(const Entry& entry) {
  now_ = Moment::of(context_.clock());
  event_number_ = entry.number();
  entry.visit([this](const auto& event) { on_any(event); });
}

template <class E> void Ledger::on_any(const E& event) {
  on(event);
  if constexpr (requires { event.parent; }) tell_changed(event.parent);
  LedgerScope* scope = nullptr;
  if constexpr (requires { event.message; }) {
    tell_changed(event.message);
    if (auto* message = find(event.message)) scope = message->scope;
  } else if constexpr (requires { event.vhost; }) {
    scope = find_in(scopes_, event.vhost.view());
  } else if constexpr (requires { event.connection; }) {
    if (auto* found = connection(event.connection)) scope = found->scope;
  }
  tell_event(scope, E::kind);
}

void Ledger::tell_changed(std::uint64_t number) {
  auto* message = find(number);
  if (message == nullptr) return;
  if (message->events.size() < bounds_.events_of_a_message) message->events.push_back(event_number_);
  if (message->has_ended() && message->scope->alive.erase(number) > 0) ended_.push_back(number);
  if (listener_ != nullptr) listener_->on_message(*message);
}

void Ledger::tell_event(LedgerScope* scope, const event::Kind& kind) {
  if (scope == nullptr) return;
  scope->last_event_at = now_;
  scope->last_event = kind;
  if (listener_ != nullptr) listener_->on_event(*scope);
}

// ---- connections

void Ledger::on(const event::ConnectionOpened& e) {
  ++logging_in_;
  connections_[e.connection] = {.number = e.connection,
                                .name = std::string{e.address.view()},
                                .address = std::string{e.address.view()},
                                .since = now_};
}

void Ledger::on(const event::ConnectionAuthenticated& e) {
  auto& connection = connections_[e.connection];
  if (connection.number != 0 && connection.is == LedgerConnection::Is::logging_in) --logging_in_;
  auto& scope = scope_of(e.vhost.view());
  connection = {.number = e.connection,
                .name = std::string{e.name.view()},
                .address = std::string{e.address.view()},
                .user = std::string{e.user.view()},
                .scope = &scope,
                .is = LedgerConnection::Is::open,
                .since = now_};
  scope.connections.insert(e.connection);
  ++scope.connections_ever;
}

void Ledger::on(const event::ConnectionClosed& e) {
  const bool by_client = e.by == event::By::client;
  end_connection(e.connection,
                 by_client ? LedgerConnection::Is::closed_by_client : LedgerConnection::Is::closed_by_broker,
                 e.text.view());
}

void Ledger::on(const event::ConnectionLost& e) {
  end_connection(e.connection, LedgerConnection::Is::lost, e.text.view());
}

void Ledger::end_connection(std::uint64_t number, LedgerConnection::Is is, std::string_view why) {
  auto* found = connection(number);
  if (found == nullptr || found->has_ended()) return;
  if (found->scope == nullptr) {
    if (found->is == LedgerConnection::Is::logging_in) --logging_in_;
    connections_.erase(number);
    if (listener_ != nullptr) listener_->on_login_given_up();
    return;
  }
  auto& scope = *found->scope;
  found->is = is;
  found->since = now_;
  found->why = why;
  found->channels.clear();
  scope.connections.erase(number);
  scope.ended.insert(number);
  if (is == LedgerConnection::Is::closed_by_client && !found->had_trouble) ++scope.connections_finished;
  if (is == LedgerConnection::Is::lost)
    for (const auto& [queue, tally] : found->delivered_without_ack) scope.happened[{Happened::lost, queue}].add(tally);
  found->delivered_without_ack.clear();

  ended_connections_.push_back(number);
  if (ended_connections_.size() <= bounds_.ended_connections) return;
  if (auto* oldest = connection(ended_connections_.front())) {
    if (oldest->scope != nullptr) oldest->scope->ended.erase(oldest->number);
    if (oldest != found) connections_.erase(oldest->number);
  }
  ended_connections_.pop_front();
}

void Ledger::note_trouble(std::uint64_t number) {
  if (auto* found = connection(number)) found->had_trouble = true;
}

void Ledger::on(const event::CommandRefused& e) { note_trouble(e.connection); }

void Ledger::on(const event::FaultFired& e) { note_trouble(e.connection); }

void Ledger::on(const event::ConsumerCancelled& e) {
  if (e.reason != event::Gone::asked && e.reason != event::Gone::channel_ended) note_trouble(e.connection);
}

void Ledger::freeze(std::uint64_t number) {
  auto* found = connection(number);
  if (found == nullptr) return;
  found->is_frozen = true;
  if (found->scope != nullptr && listener_ != nullptr) listener_->on_event(*found->scope);
}

void Ledger::on(const event::ChannelClosed& e) {
  if (auto* found = connection(e.connection)) found->channels.erase(e.channel);
}

void Ledger::on(const event::ChannelModeSet& e) {
  auto* found = connection(e.connection);
  if (found == nullptr) return;
  auto& channel = found->channels[e.channel];
  (e.mode == event::ChannelMode::confirm ? channel.has_confirms : channel.is_transactional) = true;
}

void Ledger::on(const event::PublishConfirmed& e) {
  if (auto* found = channel(e.connection, e.channel)) found->unconfirmed.erase(e.publish);
}

void Ledger::on(const event::PublishNacked& e) {
  if (auto* found = channel(e.connection, e.channel)) found->unconfirmed.erase(e.publish);
}

void Ledger::on(const event::TransactionCommitted& e) {
  if (auto* found = channel(e.connection, e.channel)) found->uncommitted = {};
}

void Ledger::on(const event::TransactionRolledBack& e) {
  if (auto* found = channel(e.connection, e.channel)) found->uncommitted = {};
}

// ---- virtual hosts and queues

void Ledger::on(const event::VhostCreated& e) { (void)scope_of(e.vhost.view()); }

void Ledger::on(const event::QueueDeclared& e) {
  if (!e.created) return;
  if (auto* queue = find_in(scope_of(e.vhost.view()).queues, e.queue.view())) queue->is_deleted = false;
}

void Ledger::on(const event::QueueDeleted& e) {
  auto& scope = scope_of(e.vhost.view());
  auto* queue = find_in(scope.queues, e.queue.view());
  if (queue == nullptr) return;
  queue->is_deleted = true;
  queue->is_deleted_by_client = e.reason == event::Gone::asked;
  queue->had_consumer = false;
  forget_deleted(scope, e.queue.view());
}

void Ledger::forget_deleted(LedgerScope& scope, std::string_view name) {
  const auto found = scope.queues.find(name);
  if (found != scope.queues.end() && found->second.is_deleted && found->second.is_empty()) scope.queues.erase(found);
}

void Ledger::on(const event::ConsumerStarted& e) {
  entry_of(scope_of(e.vhost.view()).queues, e.queue.view()).had_consumer = true;
}

// ---- messages are published

template <class E> LedgerMessage& Ledger::add_message(const E& event) {
  const auto body = (event.body.whole.empty() ? event.body.shown : event.body.whole).substr(0, bounds_.body_bytes);
  const auto properties = event.properties.properties.encoded();
  const auto content_bytes = body.size() + properties.size();
  const auto other_bytes = message_bytes + event.exchange.view().size() + event.routing_key.view().size();
  make_room(other_bytes + content_bytes);

  auto& message = messages_[event.message];
  auto& scope = scope_of(event.vhost.view());
  message.number = event.message;
  message.scope = &scope;
  message.exchange = event.exchange.view();
  message.routing_key = event.routing_key.view();
  message.body_bytes = event.body.size_bytes;
  message.published_at = now_;
  const bool is_full = charged_bytes_ + other_bytes + content_bytes > bounds_.total_bytes;
  message.content_is_left_out = is_full && content_bytes > bounds_.content_short_bytes;
  if (!message.content_is_left_out) {
    message.properties = properties;
    message.body = body;
  }
  charge(message, other_bytes + (message.content_is_left_out ? 0 : content_bytes));

  if (scope.first_message == 0) scope.first_message = message.number;
  ++scope.messages_kept;
  ++scope.unrouted;
  scope.alive.insert(message.number);
  return message;
}

void Ledger::on(const event::MessagePublished& e) {
  if (e.message == 0 || messages_.contains(e.message)) return;
  auto& message = add_message(e);
  message.publisher = {e.connection, e.channel};
  message.publish = e.publish;
  message.in_transaction = e.in_transaction;
  message.mandatory = e.mandatory;
  ++message.scope->published;
  if (auto* found = channel(e.connection, e.channel)) {
    if (e.publish != 0) found->unconfirmed[e.publish] = e.message;
    if (e.in_transaction) found->uncommitted.add(e.message);
  }
}

void Ledger::on(const event::DeadLetterPublished& e) {
  if (e.message == 0 || messages_.contains(e.message)) return;
  auto& message = add_message(e);
  message.parent = e.parent;
  ++message.scope->dead_letters;
  auto* parent = find(e.parent);
  if (parent == nullptr) return;
  letter_is_gone(*parent);
  if (auto* place = find_place(parent, e.queue.view())) place->dead_letter = e.message;
  tally(*parent, Happened::dead_lettered, e.queue.view(), event::name_of(e.reason));
}

// ---- messages are routed

void Ledger::set_routed(LedgerMessage& message) {
  if (std::exchange(message.is_unrouted, false)) --message.scope->unrouted;
}

void Ledger::no_longer_awaited(LedgerMessage& message) {
  if (message.awaited == 0) return;
  --message.awaited;
  --message.scope->awaited;
}

void Ledger::letter_is_gone(LedgerMessage& message) {
  if (message.letters == 0) return;
  --message.letters;
  --message.scope->letters;
}

void Ledger::on(const event::MessageRouted& e) {
  auto* message = find(e.message);
  if (message == nullptr) return;
  set_routed(*message);
  const auto takers = e.queue_count + (e.direct_reply ? 1 : 0);
  message->awaited += takers;
  message->scope->awaited += takers;
}

void Ledger::on(const event::MessageUnroutable& e) {
  if (auto* message = find(e.message)) message->was_unroutable = true;
}

void Ledger::on(const event::MessageReturned& e) {
  auto* message = find(e.message);
  if (message == nullptr) return;
  set_routed(*message);
  message->was_returned = true;
  tally(*message, Happened::returned, message->exchange);
}

void Ledger::on(const event::MessageReplied& e) {
  auto* message = find(e.message);
  if (message == nullptr) return;
  no_longer_awaited(*message);
  message->was_replied = true;
}

// ---- messages in queues

LedgerPlace* Ledger::find_place(LedgerMessage* message, std::string_view queue) {
  return message == nullptr ? nullptr : find_in(message->places, queue);
}

LedgerPlace& Ledger::place_of(LedgerMessage& message, std::string_view queue) {
  if (auto* place = find_in(message.places, queue)) return *place;
  charge(message, place_bytes + queue.size());
  return message.places[std::string{queue}];
}

// The message is ready or unacked in the queue from now on.
void Ledger::enter(LedgerMessage& message, std::string_view name, LedgerPlace& place, LedgerPlace::Is is) {
  auto& queue = entry_of(message.scope->queues, name);
  ++message.in_queues;
  place.is = is;
  place.since = now_;
  if (is == LedgerPlace::Is::unacked) {
    queue.unacked.insert(message.number);
  } else {
    ++queue.ready;
    if (!place.may_expire) ++queue.ready_for_good;
  }
}

// The caller then says what the message is in this place.
void Ledger::leave_queue(LedgerMessage& message, std::string_view name, LedgerPlace& place) {
  if (!place.is_in_queue() || message.in_queues == 0) return;
  auto& queue = entry_of(message.scope->queues, name);
  --message.in_queues;
  if (place.is == LedgerPlace::Is::unacked) {
    queue.unacked.erase(message.number);
  } else {
    --queue.ready;
    if (!place.may_expire) --queue.ready_for_good;
  }
}

void Ledger::on(const event::MessageEnqueued& e) {
  auto* message = find(e.message);
  if (message == nullptr) return;
  no_longer_awaited(*message);
  const bool is_new = !message->places.contains(e.queue.view());
  auto& place = place_of(*message, e.queue.view());
  if (!is_new) leave_queue(*message, e.queue.view(), place);
  place.may_expire = e.expires_in_ms.has_value();
  enter(*message, e.queue.view(), place, LedgerPlace::Is::ready);
}

void Ledger::on(const event::MessageDelivered& e) {
  auto* message = find(e.message);
  auto* place = find_place(message, e.queue.view());
  if (place == nullptr) return;
  leave_queue(*message, e.queue.view(), *place);
  ++place->deliveries;
  place->client = {e.connection, e.channel};
  place->consumer = e.consumer.view();
  place->delivery_tag = e.delivery_tag;
  enter(*message, e.queue.view(), *place, LedgerPlace::Is::unacked);
  if (e.ack_mode != event::AckMode::automatic) return;
  if (auto* client = connection(e.connection))
    client->delivered_without_ack[std::string{e.queue.view()}].add(e.message);
}

void Ledger::on(const event::MessageAcked& e) {
  auto* message = find(e.message);
  auto* place = find_place(message, e.queue.view());
  if (place == nullptr) return;
  leave_queue(*message, e.queue.view(), *place);
  place->is = LedgerPlace::Is::acked;
  place->since = now_;
  forget_deleted(*message->scope, e.queue.view());
}

void Ledger::on(const event::MessageRejected& e) {
  if (auto* place = find_place(find(e.message), e.queue.view())) place->is_rejected = true;
}

void Ledger::on(const event::MessageRequeued& e) {
  auto* message = find(e.message);
  auto* place = find_place(message, e.queue.view());
  if (place == nullptr) return;
  leave_queue(*message, e.queue.view(), *place);
  enter(*message, e.queue.view(), *place, LedgerPlace::Is::ready);
}

// If the queue was full, the message was never in it.
void Ledger::on(const event::MessageDeadLettered& e) {
  auto* message = find(e.message);
  if (message == nullptr) return;
  const auto* known = find_place(message, e.queue.view());
  const bool was_in_queue = known != nullptr && known->is_in_queue();
  auto& place = place_of(*message, e.queue.view());
  if (was_in_queue)
    leave_queue(*message, e.queue.view(), place);
  else
    no_longer_awaited(*message);
  place.is = LedgerPlace::Is::dead_lettered;
  place.since = now_;
  place.why_dead = e.reason;
  ++message->letters;
  ++message->scope->letters;
}

void Ledger::on(const event::MessageDropped& e) {
  auto* message = find(e.message);
  if (message == nullptr) return;
  LedgerPlace* place = nullptr;
  switch (e.stage) {
    case event::Stage::publish:
      set_routed(*message);
      message->dropped = e.reason;
      break;
    case event::Stage::reply:
      no_longer_awaited(*message);
      message->dropped = e.reason;
      break;
    case event::Stage::enter:
      no_longer_awaited(*message);
      place = &place_of(*message, e.queue.view());
      break;
    case event::Stage::queue:
      place = find_place(message, e.queue.view());
      if (place != nullptr) leave_queue(*message, e.queue.view(), *place);
      break;
    case event::Stage::dead_letter:
      letter_is_gone(*message);
      place = find_place(message, e.queue.view());
      break;
  }
  if (place != nullptr) {
    place->is = LedgerPlace::Is::dropped;
    place->why_dropped = e.reason;
    place->since = now_;
  }
  tally_drop(*message, e);
  forget_deleted(*message->scope, e.queue.view());
}

// ---- what a test should know of

void Ledger::tally(const LedgerMessage& message, Happened what, std::string_view name, std::string_view why) {
  message.scope->happened[{what, std::string{name}}].add(message.number, why);
}

// What a client has purged, deleted or rolled back is gone because the client wants it, and what a fault has dropped
// because the test wants it.
void Ledger::tally_drop(const LedgerMessage& message, const event::MessageDropped& e) {
  switch (e.reason) {
    case event::Dropped::purged:
    case event::Dropped::fault:
    case event::Dropped::rolled_back: return;
    case event::Dropped::unroutable: return tally(message, Happened::unroutable, message.exchange);
    case event::Dropped::queue_deleted: {
      const auto* queue = message.scope->find_queue(e.queue.view());
      if (queue != nullptr && queue->is_deleted_by_client) return;
      break;
    }
    default: break;
  }
  const auto what = e.reason == event::Dropped::expired ? Happened::expired : Happened::dropped;
  const auto name = e.queue.empty() ? std::string_view{message.exchange} : e.queue.view();
  tally(message, what, name, event::name_of(e.reason));
}

}  // namespace pocketmq::broker
