#include "broker/session/handshake.hpp"

#include <algorithm>
#include <variant>

#include "broker/session/broker_state.hpp"

namespace pocketmq::broker {

namespace connection = protocol::connection;
using protocol::Encoding;

// AMQP 0-9-1, 2.2.4: the broker has sent start. The client sends start-ok, and the broker answers with tune. The client
// sends tune-ok and open, and the broker answers with open-ok. (Like RabbitMQ, the broker sends no secure.) In JSON
// there is only open.
struct Handshake::Step {
  Encoding encoding;
  State state;                                             // in this state,
  protocol::MethodId awaited;                              // the client sends this,
  bool (Handshake::*carry_out)(const protocol::Command&);  // and this function checks and answers it;
  State next;                                              // then the handshake is in this state
};

const Handshake::Step Handshake::steps[] = {
    {Encoding::amqp, State::starting, connection::StartOk::id, &Handshake::on_start_ok, State::tuning},
    {Encoding::amqp, State::tuning, connection::TuneOk::id, &Handshake::on_tune_ok, State::opening},
    {Encoding::amqp, State::opening, connection::Open::id, &Handshake::on_open, State::open},
    {Encoding::json, State::starting, connection::Open::id, &Handshake::on_json_open, State::open},
};

namespace {

protocol::FieldTable capabilities_in(protocol::FieldTable client_properties) {
  const auto capabilities = client_properties.find("capabilities");
  return capabilities ? capabilities->table().value_or(protocol::FieldTable{}) : protocol::FieldTable{};
}

bool includes(protocol::FieldTable capabilities, std::string_view name) {
  const auto value = capabilities.find(name);
  return value && value->boolean().value_or(false);
}

}  // namespace

Handshake::Handshake(BrokerState& broker, const Peer& peer, Client& client, Connection& connection)
    : broker_{broker}, peer_{peer}, client_{client}, connection_{connection} {
  connection_.wait_for_handshake(broker_.context.options().handshake_max);
}

void Handshake::begin(Encoding encoding) {
  encoding_ = encoding;
  if (encoding == Encoding::json) {
    client_.understands_refused_login = true;
    return;
  }
  connection_.send_answer(
      {.method = connection::Start{.version_major = 0,
                                   .version_minor = 9,
                                   .server_properties = protocol::FieldTable{broker_.server_properties},
                                   .mechanisms = sasl_mechanisms(peer_.certificate_name),
                                   .locales = "en_US"}});
}

void Handshake::read_client_properties(const protocol::Command& command) {
  if (state_ != State::starting) return;
  protocol::FieldTable properties;
  if (const auto* start_ok = std::get_if<connection::StartOk>(&command.method))
    properties = start_ok->client_properties;
  if (const auto* open = std::get_if<connection::Open>(&command.method)) properties = open->client_properties;
  if (const auto name = properties.find("connection_name"); name && name->string())
    client_.name = protocol::clip(*name->string());
  const auto capabilities = capabilities_in(properties);
  client_.understands_consumer_cancel = includes(capabilities, "consumer_cancel_notify");
  client_.understands_blocked = includes(capabilities, "connection.blocked");
  client_.understands_refused_login |= includes(capabilities, "authentication_failure_close");
}

// ---- the steps

Handshake::Result Handshake::take(const protocol::Command& command) {
  const bool skips = encoding_ == Encoding::json && !std::holds_alternative<connection::Open>(command.method);
  if (skips) return enter_as_guest();
  const auto& step = require_step(command);
  return carry_out(step, command);
}

const Handshake::Step& Handshake::require_step(const protocol::Command& command) const {
  const auto& step = *std::ranges::find_if(
      steps, [this](const Step& each) { return each.encoding == encoding_ && each.state == state_; });
  const auto& sent = id_of(command.method);
  const bool is_awaited = sent.class_id == step.awaited.class_id && sent.method_id == step.awaited.method_id;
  const bool is_for_connection = command.channel == 0 || encoding_ == Encoding::json;
  if (is_awaited && is_for_connection) return step;
  if (state_ == State::opening && command.channel == 0)
    throw ConnectionError{ReplyCode::channel_error, "unexpected method in connection state opening"};
  // RabbitMQ cuts the connection here.
  const auto* state = state_ == State::starting ? "starting" : state_ == State::tuning ? "tuning" : "opening";
  throw ConnectionError{command.channel == 0 ? ReplyCode::channel_error : ReplyCode::unexpected_frame,
                        "unexpected method in connection state " + std::string{state} + ": expected '"
                            + std::string{step.awaited.name} + "' on channel 0, got '" + std::string{sent.name} + "'"};
}

Handshake::Result Handshake::carry_out(const Step& step, const protocol::Command& command) {
  if ((this->*step.carry_out)(command)) state_ = step.next;
  return is_login_held_ ? Result::postponed : Result::taken;
}

bool Handshake::on_start_ok(const protocol::Command& command) {
  const auto& m = std::get<connection::StartOk>(command.method);
  if (!log_in(read_response(m.mechanism, m.response, peer_.certificate_name), m.mechanism)) return false;
  const auto& options = broker_.context.options();
  connection_.send_answer(
      {.method = connection::Tune{.channel_max = client_.channel_max,
                                  .frame_max = options.limits.frame_max_bytes,
                                  .heartbeat = static_cast<std::uint16_t>(options.heartbeat.count())}});
  return true;
}

bool Handshake::on_tune_ok(const protocol::Command& command) {
  const auto& m = std::get<connection::TuneOk>(command.method);
  const auto& limits = broker_.context.options().limits;
  const auto refuse = [](const char* field, std::uint64_t given, std::uint64_t offered) {
    throw ConnectionError{ReplyCode::not_allowed, "negotiated " + std::string{field} + " = " + std::to_string(given)
                                                      + " is out of range; offered was " + std::to_string(offered)};
  };
  // 0 means that the client has no limit of its own.
  if (m.channel_max > client_.channel_max) refuse("channel_max", m.channel_max, client_.channel_max);
  if (m.channel_max != 0) client_.channel_max = m.channel_max;
  const bool too_small = m.frame_max != 0 && m.frame_max < protocol::Limits::frame_min_bytes;
  if (too_small || m.frame_max > limits.frame_max_bytes) refuse("frame_max", m.frame_max, limits.frame_max_bytes);
  connection_.tune_frame_max(m.frame_max);
  connection_.keep_heartbeats(std::chrono::seconds{m.heartbeat});
  return true;
}

bool Handshake::on_open(const protocol::Command& command) {
  open(std::get<connection::Open>(command.method).virtual_host);
  connection_.send_answer({.method = connection::OpenOk{}});
  return true;
}

bool Handshake::on_json_open(const protocol::Command& command) {
  const auto& m = std::get<connection::Open>(command.method);
  if (!log_in({.user = m.user, .password = m.password}, "JSON")) return false;
  open(m.virtual_host);
  if (m.heartbeat != 0) connection_.keep_heartbeats(std::chrono::seconds{m.heartbeat});
  connection_.send_answer({.method = connection::OpenOk{}});
  return true;
}

Handshake::Result Handshake::enter_as_guest() {
  if (!log_in({.user = guest_name, .password = guest_name}, "JSON"))
    return is_login_held_ ? Result::postponed : Result::taken;
  open("/");
  state_ = State::open;
  return Result::skipped;
}

// ---- log-in and virtual host

bool Handshake::log_in(const Credentials& credentials, std::string_view mechanism) {
  auto& context = broker_.context;
  // Log-ins wait whether the password is right or wrong. So a client that gives up before the answer learns nothing.
  if (!was_login_held_ && broker_.login_throttle.must_wait(peer_.source, context.clock().real_now())) {
    is_login_held_ = true;
    connection_.wait_for_handshake(LoginThrottle::delay);
    return false;
  }
  const bool guest_is_allowed = peer_.from_loopback || context.options().guest_from_anywhere;
  auto [user, why_not] = broker_.users.log_in(credentials, guest_is_allowed);
  if (user)
    client_.user = std::move(user);
  else
    refuse_login(credentials, mechanism, why_not);
  return client_.user != nullptr;
}

void Handshake::refuse_login(const Credentials& credentials, std::string_view mechanism, std::string_view why) {
  auto refusal = "Login was refused using authentication mechanism " + std::string{mechanism} + ": user '"
                 + std::string{credentials.user} + "' " + std::string{why};
  if (was_login_held_)
    refusal += "; very many log-ins from " + peer_.source + " have failed, so that such an answer now takes a second";
  broker_.login_throttle.count_failure(peer_.source, broker_.context.clock().real_now());
  if (client_.understands_refused_login) throw ConnectionError{ReplyCode::access_refused, std::move(refusal)};
  connection_.cut_for_refused_login(refusal);  // as RabbitMQ does for clients that would not read the reason
}

void Handshake::release_login() {
  is_login_held_ = false;
  was_login_held_ = true;
  connection_.wait_for_handshake(broker_.context.options().handshake_max);
}

void Handshake::open(std::string_view name) {
  auto* virtual_host = broker_.virtual_hosts.find(name);
  if (virtual_host == nullptr)
    throw ConnectionError{ReplyCode::not_allowed, "vhost " + std::string{name} + " not found"};
  const auto refuse = [&](const std::string& why) {
    throw ConnectionError{ReplyCode::not_allowed, "access to vhost '" + std::string{name} + "' refused for user '"
                                                      + client_.user->name + "'" + why};
  };
  auto& context = broker_.context;
  const auto& quota = context.quotas().connections;
  if (quota.is_used_up()) refuse(": connection limit (" + std::to_string(quota.limit()) + ") is reached");
  if (!context.memory().has_room_for_clients()) refuse(": " + context.memory().describe());
  if (!client_.user->may_open(name)) refuse("");
  if (virtual_host->access() == VirtualHost::Access::down)
    throw ConnectionError{ReplyCode::internal_error, "access to vhost '" + std::string{name} + "' refused for user '"
                                                         + client_.user->name + "': vhost '" + std::string{name}
                                                         + "' is down"};
  client_.virtual_host = protocol::Ref<VirtualHost>{virtual_host};
  connection_.on_opened();
}

}  // namespace pocketmq::broker
