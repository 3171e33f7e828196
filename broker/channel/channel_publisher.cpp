#include "broker/channel/channel_publisher.hpp"

#include <utility>

#include "broker/access/users.hpp"
#include "broker/channel/publish_checks.hpp"
#include "broker/message/copies.hpp"

namespace pocketmq::broker {

namespace basic = protocol::basic;
using protocol::BasicProperties;

// ---- from the client's publish to the queues

// This and make_message are inlined into `publish`, where each instruction counts.
[[gnu::always_inline]] inline Exchange& ChannelPublisher::require_exchange_for(const basic::Publish& m,
                                                                               const protocol::Content& content) {
  auto& context = scope_.context();
  if (m.immediate) throw ConnectionError{ReplyCode::not_implemented, "immediate=true"};
  check_body_size(content, context.options().limits);
  require_memory_for(content.body, context.memory());
  scope_.require_exchange_permission(Permission::write, m.exchange);
  auto& virtual_host = scope_.virtual_host();
  auto& exchange = virtual_host.require_exchange(m.exchange);
  if (exchange.declaration().internal)
    throw ChannelError{ReplyCode::access_refused,
                       "cannot publish to internal " + virtual_host.describe_exchange(m.exchange)};
  return exchange;
}

[[gnu::always_inline]] inline Message ChannelPublisher::make_message(const basic::Publish& m,
                                                                     protocol::Content& content) {
  std::string rewritten;  // the properties, if the message does not have those that the client sent
  if (content.properties.find<&BasicProperties::reply_to>() == direct_reply_queue) {
    rewritten = replies_.address(content.properties);
    content.properties = protocol::Properties{rewritten};
  }
  check_properties_size(content.properties, scope_.context().options().limits);
  if (const auto id = content.properties.find<&BasicProperties::user_id>()) require_own_user_id(*id);
  const auto time_to_live = read_expiration(content.properties);
  const auto blind_copies = find_blind_copies(content.properties);
  check_delivery_mode(content.properties);
  if (m.exchange.empty()) ChannelReplies::refuse_forged(m.routing_key);
  const auto number = scope_.context().next_message_number();
  if (!blind_copies)
    return {m.exchange, m.routing_key, std::move(content), time_to_live, {}, Message::dead_letters_max, number};
  // Consumers do not see the blind copies.
  const auto visible = without_blind_copies(content.properties);
  content.properties = protocol::Properties{visible};
  return {m.exchange, m.routing_key, std::move(content), time_to_live, blind_copies->bytes, Message::dead_letters_max,
          number};
}

void ChannelPublisher::publish(const basic::Publish& m, protocol::Content& content) {
  auto& context = scope_.context();
  auto& virtual_host = scope_.virtual_host();
  auto& exchange = require_exchange_for(m, content);
  auto message = make_message(m, content);
  context.tell(&Observer::on_published, message);
  if (context.tells_messages()) tell_published(message, m.mandatory);
  // Most messages go to one queue, which is found by its name. They need no search.
  auto* queue = scope_.transaction() != nullptr ? nullptr : virtual_host.find_only_queue(exchange, message);
  if (queue == nullptr) return route(exchange, message, m.mandatory);
  context.tell(&Observer::on_routed, message, std::size_t{1});
  if (context.tells_messages()) tell_route_by_name(context, message, *queue);
  queue->enqueue(std::move(message), *this, expect_confirm(1));
}

void ChannelPublisher::require_own_user_id(std::string_view id) const {
  const auto& user = scope_.connection().user();
  if (id != user.name && !user.has_tag("impersonator"))
    throw ChannelError{ReplyCode::precondition_failed, "user_id property set to '" + std::string{id}
                                                           + "' but authenticated user was '" + user.name + "'"};
}

void ChannelPublisher::route(Exchange& exchange, const Message& message, bool mandatory) {
  auto& context = scope_.context();
  auto& virtual_host = scope_.virtual_host();
  auto& routing = virtual_host.route(exchange, message);
  if (!routing.is_finished())
    return begin_wide(std::make_unique<WidePublish>(context, as_owner(), virtual_host.keep_route(), mandatory));
  const auto& queues = routing.queues();
  if (scope_.transaction() != nullptr)
    return add_to_transaction(message, {queues.begin(), queues.end()}, routing.record(), mandatory);
  const auto publish = begin_publish(message, RoutedTo::of(queues, context), routing.record(), mandatory);
  if (auto rest = FanOut::begin(message, publish, queues, *this, context))
    begin_wide(std::make_unique<WidePublish>(context, as_owner(), std::move(rest)));
}

std::uint64_t ChannelPublisher::begin_publish(const Message& message, const RoutedTo& to, const RouteRecord& record,
                                              bool mandatory) {
  announce(message, to, record, mandatory);
  const auto publish = expect_confirm(to.count);
  if (to.count == 0) tell_confirms_later();
  return publish;
}

// ---- publishes that a fault of the test kit lets go nowhere

void ChannelPublisher::refuse(const basic::Publish& m, protocol::Content& content, event::Dropped reason) {
  (void)require_exchange_for(m, content);
  const auto message = make_message(m, content);
  scope_.context().tell(&Observer::on_published, message);
  tell_published(message, m.mandatory);
  drop_at_publish(scope_.context(), scope_.virtual_host().name(), message, reason);
  refused(expect_confirm(1));
}

void ChannelPublisher::return_unrouted(const basic::Publish& m, protocol::Content& content, std::uint16_t code,
                                       std::string_view text) {
  (void)require_exchange_for(m, content);
  const auto message = make_message(m, content);
  scope_.context().tell(&Observer::on_published, message);
  tell_published(message, m.mandatory);
  tell_route(scope_.context(), scope_.virtual_host().name(), message, {}, {});
  return_to_client(message, code, text);
  (void)expect_confirm(0);
  tell_confirms_later();
}

// ---- a publish that takes more than a slice

void ChannelPublisher::begin_wide(std::unique_ptr<WidePublish> publish) {
  wide_ = std::move(publish);
  scope_.begin_work();
}

bool ChannelPublisher::go_on() {
  if (!wide_) return true;
  if (!wide_->go_on()) return false;
  wide_.reset();
  return true;
}

std::uint64_t ChannelPublisher::on_routed(const Message& message, std::vector<protocol::Ref<Queue>>& queues,
                                          RouteRecord& record, bool mandatory) {
  if (scope_.transaction() != nullptr) {
    add_to_transaction(message, std::exchange(queues, {}), record, mandatory);
    return 0;
  }
  return begin_publish(message, RoutedTo::of(queues, scope_.context()), record, mandatory);
}

void ChannelPublisher::on_memory_exhausted() { refuse_for_memory(scope_.context().memory()); }

void ChannelPublisher::finish_without_channel() {
  if (!wide_) return;
  if (scope_.transaction() != nullptr) return std::exchange(wide_, nullptr)->drop();
  wide_->leave();
  scope_.context().backlog().keep(std::move(wide_));
}

// ---- in a transaction

void ChannelPublisher::add_to_transaction(const Message& message, std::vector<protocol::Ref<Queue>> queues,
                                          RouteRecord& record, bool mandatory) {
  auto& memory = scope_.context().memory();
  message.charge_to(memory);
  scope_.context().budget().use(steps::for_a_binding * queues.size());
  const auto bytes = Message::entry_bytes + queues.size() * sizeof(protocol::Ref<Queue>) + record.bytes();
  scope_.transaction()->add({.message = message,
                             .queues = std::move(queues),
                             .mandatory = mandatory,
                             .record = std::move(record),
                             .charge = {memory, bytes}});
}

void ChannelPublisher::on_committed(const Message& message, const RoutedTo& to, const RouteRecord& record,
                                    bool mandatory) {
  announce(message, to, record, mandatory);
}

void ChannelPublisher::on_all_taken() { scope_.send(protocol::tx::CommitOk{}); }

// ---- what the client is told

// Call this before the message is handed to these queues, because a return precedes its confirm.
void ChannelPublisher::announce(const Message& message, const RoutedTo& to, const RouteRecord& record, bool mandatory) {
  auto& context = scope_.context();
  const auto& virtual_host = scope_.virtual_host().name();
  // A reply consumer is not a queue. So a mandatory reply is returned as well, as on RabbitMQ.
  const auto* requester = message.exchange().empty() ? replies_.find_requester(message) : nullptr;
  tell_route(context, virtual_host, message, to, record, requester != nullptr);
  if (requester != nullptr) requester->take(message);
  context.tell(&Observer::on_routed, message, to.count);
  if (to.count > 0) return;
  if (mandatory) return return_to_client(message, number_of(ReplyCode::no_route), "NO_ROUTE");
  if (requester == nullptr) drop_at_publish(context, virtual_host, message, event::Dropped::unroutable);
}

void ChannelPublisher::tell_published(const Message& message, bool mandatory) const {
  std::string storage;
  scope_.context().journal().tell(event::MessagePublished{.message = message.number(),
                                                          .vhost = scope_.virtual_host().name(),
                                                          .connection = scope_.actor().connection,
                                                          .channel = scope_.number(),
                                                          .publish = confirms_ ? confirms_->next() : 0,
                                                          .in_transaction = scope_.transaction() != nullptr,
                                                          .mandatory = mandatory,
                                                          .exchange = message.exchange(),
                                                          .routing_key = message.routing_key(),
                                                          .properties = {message.properties(), storage},
                                                          .body = message.body()});
}

void ChannelPublisher::return_to_client(const Message& message, std::uint16_t code, std::string_view text) {
  scope_.context().tell(&Observer::on_returned, message);
  scope_.context().journal().tell<event::MessageReturned>([&] {
    return event::MessageReturned{.message = message.number(),
                                  .connection = scope_.actor().connection,
                                  .channel = scope_.number(),
                                  .code = code,
                                  .text = text};
  });
  scope_.connection().send_answer({.channel = scope_.number(),
                                   .method = basic::Return{.reply_code = code,
                                                           .reply_text = text,
                                                           .exchange = message.exchange(),
                                                           .routing_key = message.routing_key()},
                                   .content = message.content()});
}

void ChannelPublisher::select_confirms(const protocol::confirm::Select& m) {
  if (scope_.transaction() != nullptr)
    throw ChannelError{ReplyCode::precondition_failed, "cannot switch from tx to confirm mode"};
  if (!confirms_) {
    confirms_ = std::make_unique<Confirms>();
    scope_.context().journal().tell(event::ChannelModeSet{
        .connection = scope_.actor().connection, .channel = scope_.number(), .mode = event::ChannelMode::confirm});
  }
  scope_.reply(m, protocol::confirm::SelectOk{});
}

void ChannelPublisher::accepted(std::uint64_t publish) {
  if (!confirms_) return;
  confirms_->accepted(publish);
  tell_confirms_later();
}

void ChannelPublisher::refused(std::uint64_t publish) {
  if (!confirms_) return;
  confirms_->refused(publish);
  tell_confirms_later();
}

void ChannelPublisher::tell_confirms_later() {
  if (confirms_ && confirms_->has_news()) scope_.connection().report_confirms_later(scope_.number());
}

void ChannelPublisher::report_confirms() {
  if (!confirms_) return;
  auto& journal = scope_.context().journal();
  const auto [connection, channel] = scope_.actor();
  for (const auto publish : confirms_->acked())
    journal.tell(event::PublishConfirmed{.connection = connection, .channel = channel, .publish = publish});
  for (const auto publish : confirms_->nacked())
    journal.tell(event::PublishNacked{.connection = connection, .channel = channel, .publish = publish});
  confirms_->report([this](const protocol::Method& confirm) { scope_.send(confirm); });
}

}  // namespace pocketmq::broker
