// What a channel publishes.

#include <charconv>

#include "broker/channel.hpp"
#include "broker/copies.hpp"
#include "broker/session.hpp"
#include "broker/time_max.hpp"

namespace pocketmq::broker {
namespace {

namespace basic = protocol::basic;
using protocol::BasicProperties;

// The publisher's `expiration`: whole milliseconds in decimal digits, as RabbitMQ reads them.
std::chrono::milliseconds parse_expiration(std::string_view text) {
  const auto* begin = text.data();
  const auto* end = begin + text.size();
  if (text.starts_with('+')) ++begin;
  std::int64_t milliseconds = 0;
  const auto [stopped, error] = std::from_chars(begin, end, milliseconds);
  if (error != std::errc{} || stopped != end || milliseconds < 0 || milliseconds > time_max.count())
    throw ChannelError{
        ReplyCode::precondition_failed,
        "invalid expiration '" + std::string{text}
            + "': write the message's time to live in whole milliseconds, such as '60000', up to ten years"};
  return std::chrono::milliseconds{milliseconds};
}

void check_delivery_mode(protocol::Properties properties) {
  const auto mode = properties.find<&BasicProperties::delivery_mode>();
  if (mode && *mode != 1 && *mode != 2)
    throw ChannelError{ReplyCode::precondition_failed, "invalid message: delivery_mode is " + std::to_string(*mode)
                                                           + "; 1 (transient) and 2 (persistent) exist"};
}

// What the properties say of blind copies is not for those who get the message.
Message make_message(const basic::Publish& m, protocol::Content&& content,
                     std::optional<std::chrono::milliseconds> time_to_live,
                     const std::optional<protocol::FieldValue>& blind_copies) {
  if (!blind_copies) return {m.exchange, m.routing_key, content, time_to_live};
  const auto visible = without_blind_copies(content.properties);
  content.properties = protocol::Properties{visible};
  return {m.exchange, m.routing_key, content, time_to_live, blind_copies->bytes};
}

}  // namespace

void Channel::check_user_id(protocol::Properties properties) const {
  const auto id = properties.find<&BasicProperties::user_id>();
  if (id && *id != session_.user().name && !session_.user().has_tag("impersonator"))
    throw ChannelError{
        ReplyCode::precondition_failed,
        "user_id property set to '" + std::string{*id} + "' but authenticated user was '" + session_.user().name + "'"};
}

void Channel::handle(const basic::Publish& m, protocol::Content& content) {
  if (m.immediate)
    throw ConnectionError{ReplyCode::not_implemented, "immediate=true; use mandatory, or a time to live of 0"};
  if (content.refused_size_bytes > 0)
    throw ChannelError{ReplyCode::precondition_failed,
                       "message size " + std::to_string(content.refused_size_bytes)
                           + " is larger than configured max size "
                           + std::to_string(session_.context().options().limits.body_max_bytes)};
  if (const auto& memory = session_.context().memory(); memory.is_exhausted())
    throw ConnectionError{ReplyCode::resource_error, "the broker holds " + std::to_string(memory.used())
                                                         + " bytes, more than the " + std::to_string(memory.hard_mark())
                                                         + " it may; publish again when queues are shorter"};
  require_exchange_permission(Permission::write, m.exchange);
  const auto& to = virtual_host().require_exchange(m.exchange);
  if (to.declaration().internal)
    throw ChannelError{ReplyCode::access_refused,
                       "cannot publish to internal " + virtual_host().describe_exchange(m.exchange)};
  std::string addressed;  // the properties, where the broker has to rewrite them
  if (content.properties.find<&BasicProperties::reply_to>() == direct_reply_queue) {
    addressed = address_replies(content.properties);
    content.properties = protocol::Properties{addressed};
  }
  check_user_id(content.properties);
  std::optional<std::chrono::milliseconds> time_to_live;
  if (const auto expiration = content.properties.find<&BasicProperties::expiration>())
    time_to_live = parse_expiration(*expiration);
  const auto blind_copies = find_blind_copies(content.properties);
  check_delivery_mode(content.properties);
  if (m.exchange.empty()) refuse_forged(m.routing_key);

  const auto message = make_message(m, std::move(content), time_to_live, blind_copies);
  session_.context().tell(&Observer::on_published, message);
  const auto& queues = virtual_host().route(to, message);
  if (!transaction_) {
    hand_over(message, queues, m.mandatory);
    return;
  }
  auto& memory = session_.context().memory();
  message.charge_to(memory);
  constexpr auto bytes_each = sizeof(protocol::Ref<Queue>);
  Transaction::Publication publication{.message = message,
                                       .queues = {},
                                       .mandatory = m.mandatory,
                                       .charge = {memory, Message::place_bytes + queues.size() * bytes_each}};
  publication.queues.reserve(queues.size());
  for (auto* queue : queues) publication.queues.emplace_back(queue);
  transaction_->add(std::move(publication));
}

// To the queues, and what is to be said of it to the publisher. Returns how many queues that are.
std::size_t Channel::hand_over(const Message& message, const std::vector<Queue*>& queues, bool mandatory) {
  auto& context = session_.context();
  // A reply consumer is no queue: a mandatory reply is returned as well, as on RabbitMQ.
  const bool replied = message.exchange().empty() && deliver_reply(message);
  context.tell(&Observer::on_routed, message, queues.size());
  if (queues.empty() && mandatory) return_to_publisher(message);
  if (queues.empty() && !mandatory && !replied) context.tell(&Observer::on_dropped, message);
  const auto publish = confirms_ ? confirms_->expect(queues.size()) : 0;
  if (transaction_) transaction_->await(queues.size());
  if (queues.size() > FanOut::slice_max) {
    fan_out_ = std::make_unique<FanOut>(message, publish, queues);
    begin_work();
    return queues.size();
  }
  for (auto* into : queues) into->enqueue(message, *this, publish);
  if (queues.empty()) tell_of_confirms();
  return queues.size();
}

void Channel::return_to_publisher(const Message& message) {
  session_.context().tell(&Observer::on_returned, message);
  session_.answer({.channel = number_,
                   .method = basic::Return{.reply_code = number_of(ReplyCode::no_route),
                                           .reply_text = "NO_ROUTE",
                                           .exchange = message.exchange(),
                                           .routing_key = message.routing_key()},
                   .content = message.content()});
}

// ---- what the queues say

void Channel::handle(const protocol::confirm::Select& m) {
  if (transaction_) throw ChannelError{ReplyCode::precondition_failed, "cannot switch from tx to confirm mode"};
  if (!confirms_) confirms_ = std::make_unique<Confirms>();
  reply(m, protocol::confirm::SelectOk{});
}

void Channel::accepted(std::uint64_t publish) {
  if (transaction_) return answer_commits(transaction_->arrived());
  if (confirms_) confirms_->accepted(publish);
  tell_of_confirms();
}

void Channel::refused(std::uint64_t publish) {
  if (transaction_) {
    transaction_->fail();
    return answer_commits(transaction_->arrived());
  }
  if (confirms_) confirms_->refused(publish);
  tell_of_confirms();
}

void Channel::tell_of_confirms() {
  if (confirms_ && confirms_->has_news()) session_.report_confirms_of(*this);
}

void Channel::report_confirms() {
  if (confirms_) confirms_->report([this](const protocol::Method& confirm) { send(confirm); });
}

}  // namespace pocketmq::broker
