#include "tests/support/client.hpp"

#include <algorithm>

#include "protocol/codec/amqp_codec.hpp"
#include "protocol/codec/trace.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using protocol::Method;
using protocol::MethodId;

template <class M> bool is(const Received& received) { return std::holds_alternative<M>(received.method); }

// Comes by itself, and answers nothing.
bool comes_unasked(const Received& received) {
  return is<basic::Deliver>(received) || is<basic::Return>(received) || is<basic::Cancel>(received)
         || is<basic::Ack>(received) || is<basic::Nack>(received);
}

std::string described(const Expected& expected) {
  std::string text = expected.body;
  if (expected.is_redelivered) text += " redelivered";
  if (expected.consumer_tag) text += " to " + *expected.consumer_tag;
  if (expected.delivery_tag) text += " tagged " + std::to_string(*expected.delivery_tag);
  if (expected.messages_left) text += " leaving " + std::to_string(*expected.messages_left);
  return text;
}

bool has_content_of(const Expected& expected, const Received& received) {
  return received.body == expected.body
         && (!expected.properties || received.decoded_properties() == *expected.properties);
}

bool is_delivery_of(const Expected& expected, const Received& received) {
  const auto* deliver = std::get_if<basic::Deliver>(&received.method);
  return deliver != nullptr && has_content_of(expected, received) && deliver->redelivered == expected.is_redelivered
         && deliver->consumer_tag == expected.consumer_tag.value_or(std::string{deliver->consumer_tag})
         && deliver->delivery_tag == expected.delivery_tag.value_or(deliver->delivery_tag);
}

bool is_get_of(const Expected& expected, const Received& received) {
  const auto* got = std::get_if<basic::GetOk>(&received.method);
  return got != nullptr && has_content_of(expected, received) && got->redelivered == expected.is_redelivered
         && got->delivery_tag == expected.delivery_tag.value_or(got->delivery_tag)
         && got->message_count == expected.messages_left.value_or(got->message_count);
}

std::string plain_response(const Login& login) {
  return std::string{'\0'} + login.user + std::string{'\0'} + login.password;
}

}  // namespace

std::string Client::inbox_described() const {
  std::string text = end_->is_open() ? "" : "\n  (the connection has ended)";
  for (const auto& received : end_->inbox())
    text += "\n  " + std::to_string(received.channel) + ": " + tests::described(received);
  return text.empty() ? " nothing" : text;
}

Received Client::take_answer(const MethodId& id, At at) const {
  const auto on_channel = id.class_id == connection::Open::id.class_id ? std::uint16_t{0} : channel_;
  const auto found = std::ranges::find_if(
      end_->inbox(), [&](const auto& received) { return received.channel == on_channel && !comes_unasked(received); });
  if (found == end_->inbox().end() || id_of(found->method).name != id.name)
    fail_at(at, "expected " + std::string{id.name} + " on channel " + std::to_string(on_channel)
                    + ", received:" + inbox_described());
  auto answer = std::move(*found);
  end_->inbox().erase(found);
  return answer;
}

Client Client::is_answered(const Method& answer, At at) const {
  const auto received = take_answer(id_of(answer), at);
  require_at(at, received.method == answer,
             "expected " + protocol::trace_text({.method = answer}) + ", received " + tests::described(received));
  return *this;
}

// ---- connection and channels

Client Client::shakes_hands(const Login& login) const {
  protocol::FieldTableWriter capabilities;
  capabilities.boolean("consumer_cancel_notify", login.understands_cancel)
      .boolean("authentication_failure_close", login.wants_login_refused)
      .boolean("connection.blocked", login.understands_blocked);
  protocol::FieldTableWriter properties;
  properties.table("capabilities", capabilities.table());
  if (!login.name.empty()) properties.string("connection_name", login.name);
  const auto heartbeat = static_cast<std::uint16_t>(login.heartbeat.count());
  const auto on_0 = on_channel(0);
  if (login.encoding.value_or(world_->encoding()) == Encoding::json)
    return on_0.sends(connection::Open{.virtual_host = login.virtual_host,
                                       .heartbeat = heartbeat,
                                       .user = login.user,
                                       .password = login.password,
                                       .client_properties = properties.table()}),
           *this;
  sends_header();
  const auto response = plain_response(login);
  on_0.sends(connection::StartOk{
      .client_properties = properties.table(), .mechanism = "PLAIN", .response = response, .locale = "en_US"});
  on_0.sends(
      connection::TuneOk{.channel_max = login.channel_max, .frame_max = login.frame_max_bytes, .heartbeat = heartbeat});
  on_0.sends(connection::Open{.virtual_host = login.virtual_host});
  end_->tune_frame_max(login.frame_max_bytes);
  std::erase_if(end_->inbox(),
                [](const auto& received) { return is<connection::Start>(received) || is<connection::Tune>(received); });
  return *this;
}

Client Client::opens_channel(std::uint16_t channel, At at) const {
  return on_channel(channel).sends(channel::Open{}).is_answered(channel::OpenOk{}, at);
}

Client Client::closes_channel(At at) const { return sends(channel::Close{}).is_answered(channel::CloseOk{}, at); }

void Client::closes(At at) const {
  on_channel(0).sends(connection::Close{}).is_answered(connection::CloseOk{}, at);
  require_at(at, !end_->is_open(), "the broker keeps a connection after its close");
}

void Client::vanishes() const {
  end_->vanish(world_->now());
  world_->settle();
}

// ---- queues

Client Client::declares(std::string_view queue, At at) const { return declares(queue::Declare{.queue = queue}, at); }

Client Client::declares(const queue::Declare& method, At at) const {
  sends(method);
  if (!method.no_wait) (void)answer<queue::DeclareOk>(at);
  return *this;
}

Client Client::finds(std::string_view queue, Counts counts, At at) const {
  return sends(queue::Declare{.queue = queue, .passive = true})
      .is_answered(
          queue::DeclareOk{.queue = queue, .message_count = counts.messages, .consumer_count = counts.consumers}, at);
}

Client Client::purges(std::string_view queue, std::uint32_t messages, At at) const {
  return sends(queue::Purge{.queue = queue}).is_answered(queue::PurgeOk{.message_count = messages}, at);
}

Client Client::deletes(std::string_view queue, std::uint32_t messages, At at) const {
  return sends(queue::Delete{.queue = queue}).is_answered(queue::DeleteOk{.message_count = messages}, at);
}

// ---- exchanges and bindings

Client Client::declares_exchange(std::string_view exchange, std::string_view type, At at) const {
  return declares_exchange({.exchange = exchange, .type = type}, at);
}

Client Client::declares_exchange(const exchange::Declare& method, At at) const {
  return sends(method).is_answered(exchange::DeclareOk{}, at);
}

Client Client::deletes_exchange(std::string_view exchange, At at) const {
  return sends(exchange::Delete{.exchange = exchange}).is_answered(exchange::DeleteOk{}, at);
}

Client Client::binds(std::string_view queue, std::string_view exchange, std::string_view routing_key, At at) const {
  return binds({.queue = queue, .exchange = exchange, .routing_key = routing_key}, at);
}

Client Client::binds(const queue::Bind& method, At at) const { return sends(method).is_answered(queue::BindOk{}, at); }

Client Client::unbinds(std::string_view queue, std::string_view exchange, std::string_view routing_key, At at) const {
  return unbinds({.queue = queue, .exchange = exchange, .routing_key = routing_key}, at);
}

Client Client::unbinds(const queue::Unbind& method, At at) const {
  return sends(method).is_answered(queue::UnbindOk{}, at);
}

Client Client::binds_exchange(std::string_view destination, std::string_view source, std::string_view routing_key,
                              At at) const {
  return binds_exchange({.destination = destination, .source = source, .routing_key = routing_key}, at);
}

Client Client::binds_exchange(const exchange::Bind& method, At at) const {
  return sends(method).is_answered(exchange::BindOk{}, at);
}

Client Client::unbinds_exchange(std::string_view destination, std::string_view source, std::string_view routing_key,
                                At at) const {
  return sends(exchange::Unbind{.destination = destination, .source = source, .routing_key = routing_key})
      .is_answered(exchange::UnbindOk{}, at);
}

// ---- publishing

Client Client::publishes(std::string_view routing_key, std::string_view body) const {
  return publishes(routing_key, Publication{.body = body});
}

Client Client::publishes(std::string_view routing_key, std::initializer_list<std::string_view> bodies) const {
  for (const auto body : bodies) publishes(routing_key, body);
  return *this;
}

Client Client::publishes(std::string_view routing_key, const Publication& publication) const {
  std::string properties;
  encode(publication.properties, properties);
  return sends(basic::Publish{.exchange = publication.exchange,
                              .routing_key = routing_key,
                              .mandatory = publication.mandatory,
                              .immediate = publication.immediate},
               {.properties = protocol::Properties{properties}, .body = publication.body});
}

Client Client::publishes_at_once(std::string_view routing_key, std::initializer_list<std::string_view> bodies) const {
  for (const auto body : bodies)
    end_->send(
        {.channel = channel_, .method = basic::Publish{.routing_key = routing_key}, .content = {{.body = body}}});
  world_->settle();
  return *this;
}

Client Client::publishes_to(std::string_view exchange, std::string_view routing_key, std::string_view body) const {
  return publishes(routing_key, Publication{.body = body, .exchange = exchange});
}

Client Client::is_returned(const Expected& message) const {
  const auto found =
      std::ranges::find_if(end_->inbox(), [&](const auto& received) { return received.channel == channel_; });
  const auto* returned = found == end_->inbox().end() ? nullptr : std::get_if<basic::Return>(&found->method);
  require_at(message.at,
             returned != nullptr && returned->reply_code == number_of(ReplyCode::no_route)
                 && returned->reply_text == "NO_ROUTE" && has_content_of(message, *found),
             "expected the return of " + described(message) + ", received:" + inbox_described());
  end_->inbox().erase(found);
  return *this;
}

// ---- confirms and transactions

Client Client::comes_next(const Method& method, At at) const {
  const auto next =
      std::ranges::find_if(end_->inbox(), [&](const auto& received) { return received.channel == channel_; });
  require_at(at, next != end_->inbox().end() && next->method == method,
             "expected " + protocol::trace_text({.method = method}) + ", received:" + inbox_described());
  end_->inbox().erase(next);
  return *this;
}

Client Client::selects_confirms(At at) const { return sends(confirm::Select{}).is_answered(confirm::SelectOk{}, at); }

Client Client::is_confirmed(std::uint64_t publish, At at) const {
  return comes_next(basic::Ack{.delivery_tag = publish}, at);
}

Client Client::is_confirmed_up_to(std::uint64_t publish, At at) const {
  return comes_next(basic::Ack{.delivery_tag = publish, .multiple = true}, at);
}

Client Client::is_refused(std::uint64_t publish, At at) const {
  return comes_next(basic::Nack{.delivery_tag = publish, .multiple = true, .requeue = true}, at);
}

Client Client::selects_tx(At at) const { return sends(tx::Select{}).is_answered(tx::SelectOk{}, at); }

Client Client::commits(At at) const { return sends(tx::Commit{}).is_answered(tx::CommitOk{}, at); }

Client Client::rolls_back(At at) const { return sends(tx::Rollback{}).is_answered(tx::RollbackOk{}, at); }

// ---- consuming

Client Client::prefetches(std::uint16_t count, At at) const {
  return sends(basic::Qos{.prefetch_count = count}).is_answered(basic::QosOk{}, at);
}

Client Client::shares_prefetch(std::uint16_t count, At at) const {
  return sends(basic::Qos{.prefetch_count = count, .global = true}).is_answered(basic::QosOk{}, at);
}

Client Client::consumes(std::string_view queue, std::string_view consumer_tag, At at) const {
  return consumes(basic::Consume{.queue = queue, .consumer_tag = consumer_tag}, at);
}

Client Client::consumes(const basic::Consume& method, At at) const {
  sends(method);
  if (!method.no_wait) (void)answer<basic::ConsumeOk>(at);
  return *this;
}

Client Client::cancels(std::string_view consumer_tag, At at) const {
  return sends(basic::Cancel{.consumer_tag = consumer_tag})
      .is_answered(basic::CancelOk{.consumer_tag = consumer_tag}, at);
}

Client Client::gets(std::string_view queue, const Expected& message) const {
  sends(basic::Get{.queue = queue});
  const auto got = answer<basic::GetOk>(message.at);
  require_at(message.at, is_get_of(message, got),
             "expected to get " + described(message) + ", received " + tests::described(got));
  return *this;
}

Client Client::gets_nothing(std::string_view queue, At at) const {
  return sends(basic::Get{.queue = queue}).is_answered(basic::GetEmpty{}, at);
}

Client Client::receives_all(const std::vector<Expected>& messages, At at) const {
  std::vector<const Received*> mine;
  for (const auto& received : end_->inbox())
    if (received.channel == channel_) mine.push_back(&received);
  const bool as_expected = std::ranges::equal(
      messages, mine, [](const auto& expected, const auto* received) { return is_delivery_of(expected, *received); });
  std::string explanation = "expected the deliveries:";
  for (const auto& expected : messages) explanation += "\n  " + described(expected);
  require_at(at, as_expected, explanation + "\nreceived:" + inbox_described());
  std::erase_if(end_->inbox(), [&](const auto& received) { return received.channel == channel_; });
  return *this;
}

Client Client::receives_nothing(At at) const { return receives_all({}, at); }

Client Client::is_cancelled(std::string_view consumer_tag, At at) const {
  const auto found = std::ranges::find_if(
      end_->inbox(), [&](const auto& received) { return received.channel == channel_ && is<basic::Cancel>(received); });
  require_at(at,
             found != end_->inbox().end()
                 && found->method == Method{basic::Cancel{.consumer_tag = consumer_tag, .no_wait = true}},
             "expected the cancel of " + std::string{consumer_tag} + ", received:" + inbox_described());
  end_->inbox().erase(found);
  return *this;
}

// ---- acking

std::uint64_t Client::tag_of(std::string_view body, At at) const {
  const auto tag = end_->latest_tag(channel_, body);
  if (!tag) fail_at(at, "'" + std::string{body} + "' was never delivered on channel " + std::to_string(channel_));
  return *tag;
}

Client Client::acks(std::string_view body, At at) const { return sends(basic::Ack{.delivery_tag = tag_of(body, at)}); }

Client Client::acks_up_to(std::string_view body, At at) const {
  return sends(basic::Ack{.delivery_tag = tag_of(body, at), .multiple = true});
}

Client Client::acks_all() const { return sends(basic::Ack{.multiple = true}); }

Client Client::rejects(std::string_view body, At at) const {
  return sends(basic::Reject{.delivery_tag = tag_of(body, at), .requeue = false});
}

Client Client::requeues(std::string_view body, At at) const {
  return sends(basic::Nack{.delivery_tag = tag_of(body, at), .multiple = false, .requeue = true});
}

Client Client::requeues_up_to(std::string_view body, At at) const {
  return sends(basic::Nack{.delivery_tag = tag_of(body, at), .multiple = true, .requeue = true});
}

Client Client::requeues_all() const { return sends(basic::Nack{.multiple = true, .requeue = true}); }

// ---- anything else

Client Client::sends(const Method& method) const {
  end_->send({.channel = channel_, .method = method});
  world_->settle();
  return *this;
}

Client Client::sends(const Method& method, const protocol::Content& content) const {
  end_->send({.channel = channel_, .method = method, .content = content});
  world_->settle();
  return *this;
}

Client Client::sends_bytes(std::string_view bytes) const {
  end_->send_bytes(bytes);
  world_->settle();
  return *this;
}

Client Client::sends_header() const { return sends_bytes(protocol::amqp_header); }

Client Client::sends_heartbeat() const {
  end_->send_heartbeat();
  world_->settle();
  return *this;
}

Client Client::receives_bytes(std::string_view bytes, At at) const {
  require_at(at, end_->raw_inbox() == bytes, "expected other bytes than these: " + end_->raw_inbox());
  end_->raw_inbox().clear();
  return *this;
}

Received Client::take_close(const MethodId& id, ReplyCode code, std::string_view text, At at) const {
  auto received = take_answer(id, at);
  const auto [given_code, given_text] = std::visit(
      []<class M>(const M& method) -> std::pair<std::uint16_t, std::string_view> {
        if constexpr (requires { method.reply_text; }) return {method.reply_code, method.reply_text};
        return {};
      },
      received.method);
  require_at(at, given_code == number_of(code) && given_text == text,
             "expected " + std::string{id.name} + " " + std::to_string(number_of(code)) + " " + std::string{text}
                 + ", received " + tests::described(received));
  return received;
}

Client Client::channel_close_comes(ReplyCode code, std::string_view text, At at) const {
  (void)take_close(channel::Close::id, code, text, at);
  return *this;
}

Client Client::channel_is_closed(ReplyCode code, std::string_view text, At at) const {
  return channel_close_comes(code, text, at).sends(channel::CloseOk{});
}

Client Client::connection_close_comes(ReplyCode code, std::string_view text, At at) const {
  (void)take_close(connection::Close::id, code, text, at);
  return *this;
}

void Client::connection_is_closed(ReplyCode code, std::string_view text, At at) const {
  connection_close_comes(code, text, at);
  on_channel(0).sends(connection::CloseOk{});
  require_at(at, !end_->is_open(), "the broker keeps a connection whose close was answered");
}

void Client::is_cut(At at) const {
  require_at(at, !end_->is_open() && end_->inbox().empty(),
             "expected a connection that ended without a word, received:" + inbox_described());
}

Client Client::is_blocked(At at) const { return is_answered(connection::Blocked{.reason = "low on memory"}, at); }

Client Client::is_unblocked(At at) const { return is_answered(connection::Unblocked{}, at); }

Client Client::is_connected(At at) const {
  require_at(at, end_->is_open(), "the broker has ended the connection after:" + inbox_described());
  return *this;
}

Client Client::is_fine(At at) const {
  return sends(channel::Flow{.active = true}).is_answered(channel::FlowOk{.active = true}, at).receives_nothing(at);
}

// ---- reading

Client Client::stops_reading() const { return reads(0); }

Client Client::reads(std::size_t bytes) const {
  end_->read_at_most(bytes);
  world_->settle();
  return *this;
}

Client Client::reads_all() const {
  end_->read_all();
  world_->settle();
  return *this;
}

int Client::heartbeats() const { return end_->heartbeats(); }

broker::Session& Client::session() const { return end_->session(); }

}  // namespace pocketmq::tests
