#include "broker/session/session.hpp"

#include <algorithm>

#include "broker/access/sasl.hpp"
#include "broker/core/names.hpp"
#include "broker/session/broker_state.hpp"
#include "protocol/base/big_endian.hpp"
#include "protocol/codec/amqp_codec.hpp"
#include "protocol/codec/make_codec.hpp"

namespace pocketmq::broker {
namespace {

namespace channel = protocol::channel;
namespace connection = protocol::connection;
using protocol::Encoding;

constexpr std::uint32_t first_four_of_amqp = 0x414D5150;
// What clients of 0-9 sent; for RabbitMQ, too, it asks for 0-9-1.
constexpr std::string_view amqp_header_of_0_9{"AMQP\1\1\0\x09", 8};
constexpr std::chrono::seconds close_ok_max{10};
constexpr std::uint16_t json_first_channel = 1;
// What a connection takes itself, about: session, codec, transport, and what Asio and the system's library keep for it.
constexpr std::size_t session_bytes = 2'048;
// What may wait for its rest without being worth a thought.
constexpr std::size_t little_bytes = 4'096;
// Before the login: AMQP frames are as short until they are tuned.
constexpr std::uint32_t json_header_before_login_max = 16'384;

protocol::FieldTable capabilities_in(protocol::FieldTable client_properties) {
  const auto capabilities = client_properties.find("capabilities");
  return capabilities ? capabilities->table().value_or(protocol::FieldTable{}) : protocol::FieldTable{};
}

bool includes(protocol::FieldTable capabilities, std::string_view name) {
  const auto value = capabilities.find(name);
  return value && value->boolean().value_or(false);
}

// What is too long for a short string ends as RabbitMQ's does, but not within a UTF-8 character.
std::string reply_text(ReplyCode code, std::string_view text) {
  constexpr std::string_view left_out = "...";
  auto whole = std::string{name_of(code)} + " - " + std::string{text};
  if (whole.size() <= protocol::ShortString::max_size_bytes) return whole;
  const auto continues_character = [&](std::size_t at) {
    return (static_cast<unsigned char>(whole[at]) & 0xC0U) == 0x80U;
  };
  auto end = protocol::ShortString::max_size_bytes - left_out.size();
  while (continues_character(end)) --end;
  return whole.replace(end, whole.npos, left_out);
}

}  // namespace

Session::Session(BrokerState& broker, Peer peer, TimePoint now)
    : CommandEnd{broker.context.options().limits, now},
      MemoryWaiter{broker.context.memory()},
      Intake::Reader{broker.context.intake()},
      Backlog::Item{broker.context.backlog()},
      broker_{broker},
      context_{broker.context},
      number_{context_.next_session_number()},
      peer_{std::move(peer)},
      channel_max_{broker.context.options().channel_max} {
  context().memory().charge_object(session_bytes);
  charge_to(context().memory().incoming(), context().memory());
  own_deadline(now + context().options().handshake_max);
  broker_.sessions.add(this);
}

Session::~Session() {
  release();
  broker_.sessions.erase(this);
  context().memory().release_object(session_bytes);
}

// ---- in and out

void Session::on_time(TimePoint now) {
  context().clock().observe(now);
  context().backlog().begin_share();
}

// The first four bytes tell the encoding: "AMQP", or the length of a JSON frame, which is far smaller as a number.
void Session::on_bytes_without_codec(protocol::InputBuffer& input) {
  const auto begin = input.unread();
  if (begin.size() < 4) return;
  const auto first_four = protocol::load_big_endian<std::uint32_t>(begin.data());
  if (first_four <= limits().json_header_max_bytes + 1 + limits().body_max_bytes) {
    use(protocol::make_codec(Encoding::json, limits(), &context().memory().incoming()));
    steps_for_16_bytes_ = steps::for_16_bytes_of_json;
    codec().limit_json_header(std::min(limits().json_header_max_bytes, json_header_before_login_max));
    return;
  }
  if (first_four == first_four_of_amqp && begin.size() < protocol::amqp_header.size()) return;
  if (!begin.starts_with(protocol::amqp_header) && !begin.starts_with(amqp_header_of_0_9)) {
    context().tell(&ConnectionObserver::on_garbage, *this, begin);
    raw_output().append(protocol::amqp_header);
    return finish();
  }
  input.consume(protocol::amqp_header.size());
  use(protocol::make_codec(Encoding::amqp, limits(), &context().memory().incoming()));
  codec().tune_frame_max(protocol::Limits::frame_min_bytes);  // until another size is agreed on
  send_start();
}

void Session::transmit(const protocol::Command& command) {
  context().tell(&Observer::on_sent, *this, command);
  send(command);
}

void Session::send_answer(const protocol::Command& command) {
  const auto from = output().written();
  transmit(command);
  raw_output().count_as_answer(from);
}

void Session::send_unasked(const protocol::Command& command) { transmit(command); }

bool Session::has_room_for_output() {
  if (output().size() < limits().output_deliver_bytes) return true;
  output_was_full_ = true;
  return false;
}

void Session::on_sent() {
  if (!output_was_full_ || output().size() >= limits().output_deliver_bytes / 2) return;
  output_was_full_ = false;
  for (auto& [number, channel] : channels_)
    if (channel) channel->ask_waiting_consumers();
}

void Session::report_confirms_of(const Channel& channel) {
  if (owing_confirms_.empty()) wake();
  if (owing_confirms_.empty() || owing_confirms_.back() != channel.number())
    owing_confirms_.push_back(channel.number());
}

void Session::end_turn() {
  if (is_held() && !is_in_line()) {
    context().backlog().begin_share();
    resume_if_possible();
  }
  report_confirms();
}

void Session::report_confirms() {
  for (const auto number : owing_confirms_) {
    const auto found = channels_.find(number);
    if (found != channels_.end() && found->second) found->second->report_confirms();
  }
  owing_confirms_.clear();
}

// ---- waiting for memory

bool Session::has_to_wait() const {
  if (!context().memory().is_scarce()) return false;
  const auto frees_memory = std::ranges::find_if(channels_, [this](const auto& numbered) {
    context().budget().use(steps::for_a_look_at_a_channel);
    const auto& channel = numbered.second;
    return channel && channel->may_free_memory();
  });
  return frees_memory == channels_.end();
}

bool Session::has_to_wait_with(const protocol::Command& command) const {
  if (!context().memory().is_scarce() || state_ != State::open) return false;
  if (!std::holds_alternative<protocol::basic::Publish>(command.method)) return false;
  const auto found = channels_.find(command.channel);
  return found != channels_.end() && found->second && has_to_wait();
}

void Session::on_input_taken() {
  if (codec().has_begun_content() || unread_bytes() > little_bytes) return take_half_a_command();
  has_read_all();
}

// What is left of a message may be much, and what has come of it is kept until then.
void Session::take_half_a_command() {
  const bool is_message = codec().has_begun_content();
  if (is_message && state_ == State::starting && codec().encoding() == Encoding::json) {
    enter_as_guest();
    if (login_is_held_) return hold();
  }
  if (state_ == State::open) {
    if (is_message && has_to_wait()) {
      has_read_all();
      hold();
      return wait();
    }
    if (!may_read_on(left_to_come())) hold();
    return;
  }
  if (state_ == State::closing || state_ == State::leaving) {
    if (context().memory().is_crowded()) finish();
    return;
  }
  if (is_message) {
    close(ReplyCode::unexpected_frame, "a message came before the connection was open: connection.open comes first");
    finish();
  } else if (context().memory().is_crowded()) {
    close(ReplyCode::resource_error, "memory is low, and this is much to say before the login; try again later");
    finish();
  }
}

std::chrono::milliseconds Session::stall_max() const { return context().options().stall_max; }

std::uint32_t Session::progress_min_bytes() const {
  return context().memory().is_crowded() ? Intake::progress_when_crowded_bytes : Intake::progress_bytes;
}

// Before the connection is open the handshake's own time is short enough.
void Session::on_stall() {
  if (state_ != State::open) return;
  const auto so_little = "less than " + std::to_string(progress_min_bytes()) + " bytes of it came within "
                         + std::to_string(stall_max().count()) + " ms";
  const auto& memory = context().memory();
  if (codec().has_begun_content()) {
    if (!memory.is_crowded() && !memory.is_scarce()) return;
    close(ReplyCode::resource_error,
          "memory is low, and a message stopped half-way: " + so_little + "; publish it again later");
  } else {
    if (unread_bytes() <= little_bytes) return;
    close(ReplyCode::frame_error, "a frame stopped half-way: " + so_little);
  }
  finish();
}

void Session::wait() {
  wait_for_memory();
  context().tell(&ConnectionObserver::on_blocked, *this);
  if (understands_blocked_) send_answer({.method = connection::Blocked{.reason = "low on memory"}});
}

void Session::resume_if_possible() {
  if (!is_held() || finished() || login_is_held_) return;
  if (waits_for_memory()) {
    if (has_to_wait()) return wait_for_memory();  // others were faster
    wait_no_more();
    context().tell(&ConnectionObserver::on_unblocked, *this);
    if (understands_blocked_) send_answer({.method = connection::Unblocked{}});
  }
  if (stands_in_line()) return;
  resume();
}

// ---- work that takes more than a slice

void Session::begin_work(Channel& channel) {
  working_ = &channel;
  yield();
}

void Session::yield() {
  hold();
  wait_in_line();
}

bool Session::go_on() {
  if (auto* channel = working_) {
    try {
      if (!channel->go_on_with_work()) return false;
      working_ = nullptr;
    } catch (const ChannelError& error) {
      fail(*channel, error);
    } catch (const ConnectionError& error) {
      close(error.code(), error.text());
    }
    context().backlog().use_rest_of_slice();
  }
  resume_if_possible();
  wake();  // the transport may read again
  return true;
}

// ---- dispatch

// It does not count what was read straight into a large body.
std::size_t Session::bytes_without_body(const protocol::Command& command) const {
  const auto bytes = command_bytes();
  return command.content ? bytes - std::min(bytes, command.content->body.size()) : bytes;
}

void Session::on_command(protocol::Command& command) {
  if (has_to_wait_with(command)) {
    hold(command);
    return wait();
  }
  context().budget().use(steps::for_a_command + bytes_without_body(command) * steps_for_16_bytes_ / 16);
  if (!std::exchange(is_retried_, false)) {
    know_client(command);
    context().tell(&Observer::on_received, *this, command);
    cleaned_names_.clear();
  }
  if (state_ == State::leaving) return;
  if (state_ == State::closing) {
    if (std::holds_alternative<connection::Close>(command.method)) send_answer({.method = connection::CloseOk{}});
    if (std::holds_alternative<connection::Close>(command.method)
        || std::holds_alternative<connection::CloseOk>(command.method))
      finish();
    return;
  }
  try {
    std::visit([&](auto& method) { dispatch(command, method); }, command.method);
  } catch (const ChannelError& error) {
    close_channel(command.channel, error, id_of(command.method));
  } catch (const ConnectionError& error) {
    close(error.code(), error.text(), id_of(command.method));
  } catch (const Unfinished&) {
    retry_later(command);
    return wait_in_line();
  }
  context().backlog().use_rest_of_slice();
  if (context().budget().is_used_up() && !is_held() && !finished()) yield();
}

void Session::retry_later(protocol::Command& command) {
  is_retried_ = true;
  hold(command);
}

template <class M> void Session::dispatch(protocol::Command& command, M& method) {
  require_utf8_names(method);
  if (state_ != State::open && !shake_hands(command)) {
    if (login_is_held_) retry_later(command);
    return;
  }
  if constexpr (M::id.class_id != connection::Open::id.class_id) {
    on_channel_command(command, method);
  } else {
    if (command.channel != 0) throw ConnectionError{ReplyCode::command_invalid, "unimplemented method"};
    on_connection_command(command);
  }
}

void Session::on_connection_command(const protocol::Command& command) {
  if (std::holds_alternative<connection::Close>(command.method)) {
    report_confirms();
    release();
    state_ = State::leaving;  // all that it held is gone before the close is answered
    if (!awaits_deletion()) answer_close();
    return;
  }
  if (std::holds_alternative<connection::UpdateSecret>(command.method))
    return send_answer({.method = connection::UpdateSecretOk{}});
  throw ConnectionError{ReplyCode::channel_error, "unexpected method in connection state running"};
}

template <class M> void Session::on_channel_command(protocol::Command& command, M& method) {
  constexpr bool opens = std::is_same_v<M, channel::Open>;
  constexpr bool closes = std::is_same_v<M, channel::Close>;
  constexpr bool closed = std::is_same_v<M, channel::CloseOk>;
  if (command.channel == 0)
    throw ConnectionError{ReplyCode::channel_error, "unexpected method in connection state running"};
  const auto found = channels_.find(command.channel);
  if (found == channels_.end()) {
    if (closed && crossed_closes_.erase(command.channel) > 0) return;
    if (!opens) throw ConnectionError{ReplyCode::channel_error, "expected 'channel.open'"};
    open_channel(command.channel);
    crossed_closes_.erase(command.channel);
    return send_answer({.channel = command.channel, .method = channel::OpenOk{}});
  }
  if (found->second == nullptr && !opens && !closes) {  // our close is on its way
    if (closed) channels_.erase(found);
    return;
  }
  if constexpr (opens) {
    throw ConnectionError{ReplyCode::channel_error, "second 'channel.open' seen"};
  } else if constexpr (closes) {
    if (found->second)
      found->second->report_confirms();
    else
      crossed_closes_.insert(command.channel);
    channels_.erase(found);
    send_answer({.channel = command.channel, .method = channel::CloseOk{}});
  } else if constexpr (std::is_same_v<M, protocol::basic::Publish>) {
    found->second->handle(method, *command.content);
  } else {
    remove_line_ends(method, cleaned_names_);
    found->second->handle(method);
  }
}

void Session::open_channel(std::uint16_t number) {
  if (channels_.size() >= channel_max_)
    throw ConnectionError{ReplyCode::not_allowed, "number of channels opened (" + std::to_string(channels_.size())
                                                      + ") has reached the negotiated channel_max ("
                                                      + std::to_string(channel_max_) + ")"};
  if (!context().memory().takes_users())
    throw ConnectionError{ReplyCode::resource_error, "cannot open a channel: " + context().memory().describe()};
  channels_.emplace(number, std::make_unique<Channel>(*this, context_, number));
}

// ---- the handshake

void Session::send_start() {
  send_answer({.method = connection::Start{.version_major = 0,
                                           .version_minor = 9,
                                           .server_properties = protocol::FieldTable{broker_.server_properties},
                                           .mechanisms = sasl_mechanisms(peer_.proved_name),
                                           .locales = "en_US"}});
}

bool Session::enter() {
  if (!log_in({.user = guest_name, .password = guest_name}, "JSON")) return false;
  open("/");
  return true;
}

// Who begins with a message is a guest, before all of it has come.
void Session::enter_as_guest() {
  wants_login_refused_ = true;
  try {
    (void)enter();
  } catch (const ConnectionError& error) {
    close(error.code(), error.what());
  }
}

bool Session::shake_hands(const protocol::Command& command) {
  const auto* start_ok = std::get_if<connection::StartOk>(&command.method);
  const auto* tune_ok = std::get_if<connection::TuneOk>(&command.method);
  const auto* open_method = std::get_if<connection::Open>(&command.method);
  if (codec().encoding() == Encoding::json) {
    wants_login_refused_ = true;
    if (open_method == nullptr)
      return enter();  // a JSON client may skip connection.open; it is then logged in as guest
    on_json_open(*open_method);
  } else if (command.channel == 0 && state_ == State::starting && start_ok != nullptr) {
    on_start_ok(*start_ok);
  } else if (command.channel == 0 && state_ == State::tuning && tune_ok != nullptr) {
    on_tune_ok(*tune_ok);
  } else if (command.channel == 0 && state_ == State::opening && open_method != nullptr) {
    open(open_method->virtual_host);
    send_answer({.method = connection::OpenOk{}});
  } else {
    if (state_ == State::opening && command.channel == 0)
      throw ConnectionError{ReplyCode::channel_error, "unexpected method in connection state opening"};
    // RabbitMQ cuts the connection here.
    const auto* awaited = state_ == State::starting ? "starting: expected 'connection.start-ok'"
                          : state_ == State::tuning ? "tuning: expected 'connection.tune-ok'"
                                                    : "opening: expected 'connection.open'";
    throw ConnectionError{command.channel == 0 ? ReplyCode::channel_error : ReplyCode::unexpected_frame,
                          "unexpected method in connection state " + std::string{awaited} + " on channel 0, got '"
                              + std::string{id_of(command.method).name} + "'"};
  }
  return false;
}

void Session::on_start_ok(const connection::StartOk& m) {
  if (!log_in(read_response(m.mechanism, m.response, peer_.proved_name), m.mechanism)) return;
  state_ = State::tuning;
  send_answer(
      {.method = connection::Tune{.channel_max = channel_max_,
                                  .frame_max = limits().frame_max_bytes,
                                  .heartbeat = static_cast<std::uint16_t>(context().options().heartbeat.count())}});
}

void Session::on_json_open(const connection::Open& m) {
  if (!log_in({.user = m.user, .password = m.password}, "JSON")) return;
  open(m.virtual_host);
  if (m.heartbeat != 0) keep_heartbeats(std::chrono::seconds{m.heartbeat});
  send_answer({.method = connection::OpenOk{}});
}

// Before anything else, so that whoever observes knows the client from its first command on.
void Session::know_client(const protocol::Command& command) {
  if (state_ != State::starting) return;
  protocol::FieldTable client_properties;
  if (const auto* start_ok = std::get_if<connection::StartOk>(&command.method))
    client_properties = start_ok->client_properties;
  if (const auto* open_method = std::get_if<connection::Open>(&command.method))
    client_properties = open_method->client_properties;
  if (const auto name = client_properties.find("connection_name"); name && name->string())
    client_name_ = protocol::clip(*name->string());
  const auto capabilities = capabilities_in(client_properties);
  understands_consumer_cancel_ = includes(capabilities, "consumer_cancel_notify");
  understands_blocked_ = includes(capabilities, "connection.blocked");
  wants_login_refused_ |= includes(capabilities, "authentication_failure_close");
}

bool Session::log_in(const Credentials& credentials, std::string_view mechanism) {
  // Right or wrong: who gives up before the answer learns nothing from its absence.
  if (!login_was_held_ && broker_.login_brake.is_on(peer_.source, now())) {
    login_is_held_ = true;
    own_deadline(now() + LoginBrake::delay);
    return false;
  }
  const bool guest_may_come_from_there = peer_.from_loopback || context().options().guest_from_anywhere;
  auto [user, why_not] = broker_.users.log_in(credentials, guest_may_come_from_there);
  if (user) {
    user_ = std::move(user);
    return true;
  }
  auto refusal = "Login was refused using authentication mechanism " + std::string{mechanism} + ": user '"
                 + std::string{credentials.user} + "' " + std::string{why_not};
  if (login_was_held_)
    refusal += "; very many log-ins from " + peer_.source + " have failed, so that such an answer now takes a second";
  broker_.login_brake.count_failure(peer_.source, now());
  if (wants_login_refused_) throw ConnectionError{ReplyCode::access_refused, std::move(refusal)};
  // As RabbitMQ does for clients that would not read it.
  context().tell(&ConnectionObserver::on_refused, *this, std::uint16_t{0}, ReplyCode::access_refused,
                 std::string_view{refusal});
  state_ = State::closing;
  finish();
  return false;
}

void Session::go_on_with_login() {
  login_is_held_ = false;
  login_was_held_ = true;
  own_deadline(now() + context().options().handshake_max);
  resume();
}

void Session::on_tune_ok(const connection::TuneOk& m) {
  const auto refuse = [](const char* field, std::uint64_t given, std::uint64_t offered) {
    throw ConnectionError{ReplyCode::not_allowed, "negotiated " + std::string{field} + " = " + std::to_string(given)
                                                      + " is out of range; offered was " + std::to_string(offered)};
  };
  // 0 stands for no limit of the client's own.
  if (m.channel_max > channel_max_) refuse("channel_max", m.channel_max, channel_max_);
  if (m.channel_max != 0) channel_max_ = m.channel_max;
  const bool too_small = m.frame_max != 0 && m.frame_max < protocol::Limits::frame_min_bytes;
  if (too_small || m.frame_max > limits().frame_max_bytes) refuse("frame_max", m.frame_max, limits().frame_max_bytes);
  codec().tune_frame_max(m.frame_max);
  keep_heartbeats(std::chrono::seconds{m.heartbeat});
  state_ = State::opening;
}

void Session::open(std::string_view virtual_host) {
  auto* opened = broker_.virtual_hosts.find(virtual_host);
  if (opened == nullptr)
    throw ConnectionError{ReplyCode::not_allowed, "vhost " + std::string{virtual_host} + " not found"};
  const auto refuse = [&](const std::string& why) {
    throw ConnectionError{ReplyCode::not_allowed, "access to vhost '" + std::string{virtual_host}
                                                      + "' refused for user '" + user_->name + "': " + why};
  };
  auto& quota = context().quotas().connections;
  if (quota.is_used_up()) refuse("connection limit (" + std::to_string(quota.limit()) + ") is reached");
  if (!context().memory().takes_users()) refuse(context().memory().describe());
  if (!user_->may_enter(virtual_host))
    throw ConnectionError{ReplyCode::not_allowed,
                          "access to vhost '" + std::string{virtual_host} + "' refused for user '" + user_->name + "'"};
  virtual_host_ = opened;
  connection_use_.emplace(quota);
  own_deadline(std::nullopt);
  codec().limit_json_header(limits().json_header_max_bytes);
  state_ = State::open;
  if (codec().encoding() == Encoding::json) open_channel(json_first_channel);
  context().tell(&Observer::on_connected, *this);
}

// ---- the end

void Session::on_violation(const protocol::Violation& violation) {
  if (state_ == State::closing) return;
  auto text = violation.text;
  const bool is_before_login = state_ == State::starting && codec().encoding() == Encoding::json;
  if (is_before_login && text.starts_with("a header is longer")) text += " before connection.open; log in first";
  close(violation.code, text, {violation.class_id, violation.method_id, {}});
}

void Session::on_own_deadline() {
  if (login_is_held_) return go_on_with_login();
  tell_lost("its handshake took too long");
  // Or a close-ok did not come in time.
  finish();
}

void Session::close_channel(std::uint16_t number, const ChannelError& error, const protocol::MethodId& cause) {
  context().budget().use(steps::for_a_refusal);
  auto& closed = channels_[number];
  context().tell(&ConnectionObserver::on_refused, *this, number, error.code(), std::string_view{error.what()});
  closed->report_confirms();
  if (working_ == closed.get()) working_ = nullptr;
  closed.reset();
  send_answer({.channel = number,
               .method = channel::Close{.reply_code = number_of(error.code()),
                                        .reply_text = reply_text(error.code(), error.text()),
                                        .class_id = cause.class_id,
                                        .method_id = cause.method_id}});
}

void Session::fail(const Channel& channel, const ChannelError& error) {
  close_channel(channel.number(), error, {0, 0, {}});
}

void Session::close(ReplyCode code, std::string_view text) { close(code, text, {0, 0, {}}); }

void Session::close(ReplyCode code, std::string_view text, const protocol::MethodId& cause) {
  if (state_ == State::closing || finished()) return;
  if (state_ == State::leaving) return answer_close();
  context().tell(&ConnectionObserver::on_refused, *this, std::uint16_t{0}, code, text);
  report_confirms();
  release();
  if (!has_codec()) return finish();
  send_answer({.method = connection::Close{.reply_code = number_of(code),
                                           .reply_text = reply_text(code, text),
                                           .class_id = cause.class_id,
                                           .method_id = cause.method_id}});
  login_is_held_ = false;
  own_deadline(now() + close_ok_max);
  if (!is_held()) return;
  wait_no_more();
  leave_line();
  has_read_all();
  resume();  // what it has sent is not carried out; its close-ok is read
}

void Session::disconnect(std::error_code why, TimePoint now) {
  on_time(now);
  if (!finished()) tell_lost(why.message());
  release();
  finish();
}

Holdings Session::holdings() const {
  constexpr std::size_t looked_at_max = 4'096;
  Holdings holdings;
  for (const auto& [number, channel] : channels_)
    if (channel) channel->add_to(holdings);
  holdings.exclusive_queues = owned_.size();
  if (owned_.size() <= looked_at_max)
    holdings.exclusive_queues =
        static_cast<std::size_t>(std::ranges::count_if(owned_, [](const auto& owned) { return !owned->deleted(); }));
  return holdings;
}

void Session::tell_lost(std::string_view why) {
  const bool is_ending = state_ == State::leaving || state_ == State::closing;
  if (!is_ending && context().connections_are_observed())
    context().tell(&ConnectionObserver::on_lost, *this, why, holdings());
}

DirectReplies& Session::direct_replies() const { return broker_.direct_replies; }

void Session::own(Queue& queue) {
  // Those that are deleted go faster than others come.
  for (int looks = 0; looks < 2 && !owned_.empty(); ++looks) {
    if (next_to_prune_ >= owned_.size()) next_to_prune_ = 0;
    auto& owned = owned_[next_to_prune_];
    if (owned->deleted()) {
      std::swap(owned, owned_.back());
      owned_.pop_back();
    } else {
      ++next_to_prune_;
    }
  }
  owned_.emplace_back(&queue);
}

// No consumer takes anything any more when the first message is requeued, so that none comes back to this connection.
void Session::release() {
  const bool was_connected = virtual_host_ != nullptr && state_ == State::open;
  state_ = State::closing;
  std::vector<Consumers> consumers;
  for (auto& [number, channel] : channels_) {
    if (!channel) continue;
    if (auto stopped = channel->stop_consuming(); !stopped.empty()) consumers.push_back(std::move(stopped));
  }
  channels_.clear();
  working_ = nullptr;
  if (!consumers.empty() || !owned_.empty())
    virtual_host_->delete_what_was_held(std::move(consumers), std::exchange(owned_, {}), this);
  context().backlog().use_rest_of_slice();
  connection_use_.reset();
  if (was_connected) context().tell(&Observer::on_disconnected, *this);
}

void Session::on_deleted() {
  if (state_ == State::leaving && !finished()) answer_close();
}

void Session::answer_close() {
  send_answer({.method = connection::CloseOk{}});
  finish();
}

}  // namespace pocketmq::broker
