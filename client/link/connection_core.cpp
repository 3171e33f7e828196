#include "client/link/connection_core.hpp"

#include <algorithm>

#include "protocol/base/version.hpp"
#include "protocol/codec/amqp_codec.hpp"
#include "protocol/codec/make_codec.hpp"

namespace pocketmq::client {

using namespace protocol;

namespace {

constexpr std::chrono::seconds goodbye{5};
constexpr std::size_t drained_below_bytes = 1 << 20;
constexpr std::chrono::seconds heartbeat_default{60};  // as RabbitMQ offers; used unless options or URL say otherwise
// RabbitMQ 4 refuses a smaller frame_max.
constexpr std::uint32_t frame_max_floor_bytes = 8'192;

// The client takes any size that a publisher may send and a broker hands on. If the client refused a message, the
// broker would deliver it again on the next connection, and end that connection too. So the limits for JSON headers and
// content headers are above those of every broker.
constexpr std::uint32_t header_max_bytes = 32U << 20U;

Limits tolerant(Limits limits) {
  limits.json_header_max_bytes = header_max_bytes;
  limits.content_header_max_bytes = header_max_bytes;
  limits.json_values_max = 0;
  limits.on_fault = OnFault::report;
  return limits;
}

// The smaller of two limits; 0 is no limit.
template <class Number> Number smaller(Number ours, Number theirs) {
  return ours == 0 ? theirs : theirs == 0 ? ours : std::min(ours, theirs);
}

}  // namespace

ConnectionCore::ConnectionCore(Encoding encoding, Login login, const Limits& limits, TimePoint now)
    : CommandEnd{tolerant(limits), now},
      encoding_{encoding},
      login_{std::move(login)},
      channel_one_is_fresh_{encoding == Encoding::json} {}

ConnectionCore::~ConnectionCore() { disconnect({Error::closed, "the connection object is gone"}); }

void ConnectionCore::open(TimePoint until, Done<> done) {
  if (phase_ != Phase::idle) return done(Error::not_open);
  own_deadline(until);
  open_done_ = std::move(done);
  use(make_codec(encoding_, limits()));
  if (encoding_ == Encoding::amqp) {
    phase_ = Phase::starting;
    raw_output().append(amqp_header);
    return wake();
  }
  phase_ = Phase::opening;
  const auto properties = client_properties();
  send_on(0, connection::Open{.virtual_host = login_.virtual_host,
                              .heartbeat = wanted_heartbeat(),
                              .user = login_.user,
                              .password = login_.password,
                              .client_properties = FieldTable{properties}});
}

void ConnectionCore::open_channel(Done<std::shared_ptr<ChannelCore>> done) {
  if (phase_ != Phase::open) return done(close_reason_.error ? close_reason_.error : Error::not_open, nullptr);
  const auto number = free_channel_number();
  if (!number) return done(Error::too_many_channels, nullptr);
  ChannelCore::Owner& owner = *this;
  auto channel = std::make_shared<ChannelCore>(owner, *number);
  channels_.emplace(*number, channel);
  if (*number == 1 && std::exchange(channel_one_is_fresh_, false)) return done({}, std::move(channel));
  auto& opening = *channel;
  opening.request(channel::Open{}, [channel = std::move(channel), done = std::move(done)](
                                       std::error_code error, const channel::OpenOk*) mutable {
    done(error, error ? nullptr : std::move(channel));
  });
}

void ConnectionCore::close(TimePoint now, Done<> done) {
  if (is_gone_) return done({});
  close_done_.push_back(std::move(done));
  if (phase_ == Phase::closing || phase_ == Phase::ended) return;
  const bool says_goodbye = phase_ == Phase::open;
  if (says_goodbye) send_on(0, connection::Close{.reply_code = number_of(ReplyCode::success), .reply_text = "goodbye"});
  end({Error::closed, "closed by the client"});
  if (!says_goodbye) return finish();
  phase_ = Phase::closing;
  own_deadline(now + goodbye);
  wake();
}

void ConnectionCore::when_output_drained(MoveOnlyFunction<void()> on_drain) {
  if (phase_ == Phase::open && output().size() >= drained_below_bytes)
    on_drain_.push_back(std::move(on_drain));
  else
    on_drain();
}

void ConnectionCore::on_sent() {
  if (output().size() >= drained_below_bytes) return;
  for (auto& on_drain : std::exchange(on_drain_, {})) on_drain();
}

void ConnectionCore::disconnect(std::error_code why, TimePoint) {
  if (why.category() == client_category()) return disconnect({why, why.message()});
  std::string text = "the broker closed the connection";
  if (phase_ == Phase::tuning) text += " at the login; are user and password right?";
  disconnect({Error::connection_lost, text + " (" + why.message() + ")"});
}

void ConnectionCore::disconnect(const CloseReason& why) {
  end(why);
  phase_ = Phase::ended;
  is_gone_ = true;
  for (auto& done : std::exchange(close_done_, {})) done({});
}

void ConnectionCore::on_command(Command& command) {
  if (phase_ == Phase::ended) return;
  if (phase_ == Phase::closing) {  // commands that were still on their way are dropped (AMQP 0-9-1, 1.4.2.9)
    if (std::holds_alternative<connection::Close>(command.method))
      send_on(0, connection::CloseOk{});
    else if (std::holds_alternative<connection::CloseOk>(command.method))
      finish();
    return;
  }
  std::string too_large;
  if (command.content && command.content->refused_size_bytes > 0) {
    too_large = "its body has " + std::to_string(command.content->refused_size_bytes) + " bytes, and may have "
                + std::to_string(limits().body_max_bytes);
    command.content->fault = too_large;
  }
  if (command.channel == 0) return std::visit([this](const auto& method) { handle(method); }, command.method);
  const auto found = channels_.find(command.channel);
  if (found == channels_.end())
    return violate(ReplyCode::channel_error, "channel " + std::to_string(command.channel) + " is not open",
                   id_of(command.method));
  const auto channel = found->second;  // lives on if the command ends it
  channel->on_command(command);
}

void ConnectionCore::on_violation(const Violation& violation) {
  auto text = violation.text;
  if (phase_ == Phase::starting || (phase_ == Phase::opening && encoding_ == Encoding::json))
    text += encoding_ == Encoding::amqp ? "; is it a broker that speaks AMQP 0-9-1?"
                                        : "; does it speak PocketMQ's JSON framing? RabbitMQ wants an amqp:// URL";
  violate(violation.code, text, {violation.class_id, violation.method_id, {}});
}

void ConnectionCore::on_own_deadline() {
  if (phase_ != Phase::closing) end({Error::timed_out, "the broker did not finish the handshake in time"});
  finish();
}

void ConnectionCore::on_time_out(std::string_view why) {
  end({Error::connection_lost, "the broker fell silent: " + std::string{why}});
}

void ConnectionCore::handle(const connection::Start& method) {
  if (phase_ != Phase::starting) return unexpected(method.id);
  if ((' ' + std::string{method.mechanisms} + ' ').find(" PLAIN ") == std::string::npos) {
    end({Error::protocol_violation, "the broker takes no PLAIN login, only " + std::string{method.mechanisms}});
    return finish();
  }
  phase_ = Phase::tuning;
  const auto properties = client_properties();
  const auto response = '\0' + login_.user + '\0' + login_.password;
  send_on(
      0,
      connection::StartOk{
          .client_properties = FieldTable{properties}, .mechanism = "PLAIN", .response = response, .locale = "en_US"});
}

void ConnectionCore::handle(const connection::Tune& method) {
  if (phase_ != Phase::tuning) return unexpected(method.id);
  phase_ = Phase::opening;
  channel_max_ = method.channel_max == 0 ? channel_max_ : method.channel_max;
  const auto ours = limits().frame_max_bytes == 0 ? 0 : std::max(limits().frame_max_bytes, frame_max_floor_bytes);
  const auto frame_max = smaller(ours, method.frame_max);
  auto heartbeat = method.heartbeat;
  if (login_.heartbeat) heartbeat = wanted_heartbeat() == 0 ? std::uint16_t{0} : smaller(wanted_heartbeat(), heartbeat);

  send_on(0, connection::TuneOk{.channel_max = channel_max_, .frame_max = frame_max, .heartbeat = heartbeat});
  codec().tune_frame_max(frame_max);
  keep_heartbeats(std::chrono::seconds{heartbeat});
  send_on(0, connection::Open{.virtual_host = login_.virtual_host});
}

void ConnectionCore::handle(const connection::OpenOk& method) {
  if (phase_ != Phase::opening) return unexpected(method.id);
  if (encoding_ == Encoding::json) keep_heartbeats(std::chrono::seconds{wanted_heartbeat()});
  phase_ = Phase::open;
  own_deadline(std::nullopt);
  login_.password.clear();
  std::exchange(open_done_, nullptr)({});
}

void ConnectionCore::handle(const connection::Close& method) {
  send_on(0, connection::CloseOk{});
  end({reply_error(method.reply_code), std::string{method.reply_text}});
  finish();
}

void ConnectionCore::handle(const connection::Blocked& method) {
  peer_may_stall(true);
  if (blocked_) blocked_(std::string{method.reason});
}

void ConnectionCore::handle(const connection::Unblocked&) {
  peer_may_stall(false);
  if (blocked_) blocked_(std::nullopt);
}

void ConnectionCore::unexpected(MethodId id) {
  violate(ReplyCode::command_invalid, std::string{id.name} + " on channel 0, which was not expected there", id);
}

void ConnectionCore::send_on(std::uint16_t channel, const Method& method, std::optional<Content> content) {
  send(Command{channel, method, std::move(content)});
}

std::shared_ptr<ChannelCore> ConnectionCore::release(std::uint16_t channel) {
  auto node = channels_.extract(channel);
  return node.empty() ? nullptr : std::move(node.mapped());
}

void ConnectionCore::violate(ReplyCode code, const std::string& text, MethodId about) {
  // Before the peer's first command no close is sent: the peer would not understand it.
  if (phase_ != Phase::starting)
    send_on(0, connection::Close{.reply_code = number_of(code),
                                 .reply_text = clip(text),
                                 .class_id = about.class_id,
                                 .method_id = about.method_id});
  end({Error::protocol_violation, text});
  finish();
}

void ConnectionCore::end(const CloseReason& reason) {
  if (phase_ == Phase::ended || phase_ == Phase::closing) return;
  phase_ = Phase::ended;
  own_deadline(std::nullopt);
  close_reason_ = reason;
  if (open_done_) std::exchange(open_done_, nullptr)(reason.error);
  for (auto& on_drain : std::exchange(on_drain_, {})) on_drain();
  while (!channels_.empty()) {
    const auto channel = channels_.begin()->second;
    channel->end(reason);
  }
  if (closed_) std::exchange(closed_, nullptr)(reason);
}

std::optional<std::uint16_t> ConnectionCore::free_channel_number() const {
  std::uint16_t number = 1;
  for (const auto& [used, channel] : channels_) {
    if (used != number) break;
    if (number == channel_max_) return std::nullopt;
    ++number;
  }
  return number;
}

std::uint16_t ConnectionCore::wanted_heartbeat() const {
  const auto seconds = login_.heartbeat.value_or(heartbeat_default).count();
  return static_cast<std::uint16_t>(std::clamp<std::int64_t>(seconds, 0, 65'535));
}

std::string ConnectionCore::client_properties() const {
  FieldTableWriter capabilities;
  for (const auto* name : {"authentication_failure_close", "basic.nack", "connection.blocked", "consumer_cancel_notify",
                           "exchange_exchange_bindings", "publisher_confirms"})
    capabilities.boolean(name, true);
  FieldTableWriter properties;
  properties.string("product", "PocketMQ").string("version", pocketmq_version).string("platform", "C++20");
  properties.table("capabilities", capabilities.table());
  if (!login_.connection_name.empty()) properties.string("connection_name", login_.connection_name);
  return std::string{properties.table().encoded()};
}

}  // namespace pocketmq::client
