#include "broker/session/session.hpp"

#include <algorithm>

#include "broker/core/names.hpp"
#include "broker/session/broker_state.hpp"
#include "broker/session/gated_traffic.hpp"
#include "protocol/base/big_endian.hpp"
#include "protocol/codec/amqp_codec.hpp"
#include "protocol/codec/make_codec.hpp"

namespace pocketmq::broker {
namespace {

namespace channel = protocol::channel;
namespace connection = protocol::connection;
using protocol::Encoding;

constexpr std::uint32_t first_four_of_amqp = 0x414D5150;
// The header of AMQP 0-9 clients. As RabbitMQ does, the broker speaks 0-9-1 with them.
constexpr std::string_view amqp_header_of_0_9{"AMQP\1\1\0\x09", 8};
constexpr std::chrono::seconds close_ok_max{10};
constexpr std::uint16_t json_first_channel = 1;
// Roughly what a connection takes: session, codec, transport, and what Asio and the C library keep for it.
constexpr std::size_t session_bytes = 2'048;
// A part of a command that is not larger than this may wait for its rest without being counted by the intake.
constexpr std::size_t uncounted_part_max_bytes = 4'096;
// The limit of a JSON header before the log-in. AMQP frames have a limit of 4,096 bytes until tune-ok.
constexpr std::uint32_t json_header_before_login_max = 16'384;

// Whether the method may declare or delete something. Then the journal's events name the client. Of the basic methods,
// only basic.cancel may do so: it may delete an auto-delete queue.
template <class M>
constexpr bool is_told_with_actor =
    M::id.class_id != protocol::basic::Publish::id.class_id || std::is_same_v<M, protocol::basic::Cancel>;

// What may be shown of bytes of no known protocol. A password may stand behind it, such as one for HTTP.
std::string_view harmless_part(std::string_view begin) {
  constexpr std::size_t shown_max_bytes = 16;
  return begin.substr(0, std::min(begin.find_first_of("\r\n"), shown_max_bytes));
}

// A text that is too long for a short string is cut as RabbitMQ cuts it, but never within a UTF-8 character.
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
      events_{context_, number_},
      client_{.channel_max = broker.context.options().channel_max},
      channels_{*this, broker.context} {
  context().memory().charge_object(session_bytes);
  charge_to(context().memory().incoming(), context().memory());
  Handshake::Connection& connection = *this;
  handshake_ = std::make_unique<Handshake>(broker_, peer_, client_, connection);
  broker_.sessions.add(this);
}

Session::~Session() {
  if (events_.is_open() && context().journal().is_on<event::ConnectionLost>())
    events_.lost("the broker has dropped it", holdings());
  release();
  broker_.sessions.erase(this);
  context().memory().release_object(session_bytes);
}

// ---- in and out

void Session::on_time(TimePoint now) {
  context().clock().observe(now);
  context().backlog().begin_input_slice();
}

// The first four bytes tell the encoding: "AMQP", or the length of a JSON frame, which is far smaller as a number.
void Session::on_bytes_without_codec(protocol::InputBuffer& input) {
  if (broker_.is_down) return finish();
  const auto begin = input.unread();
  if (begin.size() < 4) return;
  events_.opened(address());
  const auto first_four = protocol::load_big_endian<std::uint32_t>(begin.data());
  if (first_four <= limits().json_header_max_bytes + 1 + limits().body_max_bytes) {
    use(protocol::make_codec(Encoding::json, limits(), &context().memory().incoming()));
    steps_for_16_bytes_ = steps::for_16_bytes_of_json;
    codec().limit_json_header(std::min(limits().json_header_max_bytes, json_header_before_login_max));
    return handshake_->begin(Encoding::json);
  }
  if (first_four == first_four_of_amqp && begin.size() < protocol::amqp_header.size()) return;
  if (!begin.starts_with(protocol::amqp_header) && !begin.starts_with(amqp_header_of_0_9)) {
    context().tell(&ConnectionObserver::on_garbage, *this, harmless_part(begin));
    events_.unintelligible(harmless_part(begin));
    events_.closed(event::By::broker);
    raw_output().append(protocol::amqp_header);
    return finish();
  }
  input.consume(protocol::amqp_header.size());
  use(protocol::make_codec(Encoding::amqp, limits(), &context().memory().incoming()));
  codec().tune_frame_max(protocol::Limits::frame_min_bytes);  // until another size is agreed on
  handshake_->begin(Encoding::amqp);
}

void Session::send_answer(const protocol::Command& command) {
  const auto from = output().written();
  send_unasked(command);
  raw_output().count_as_answer(from);
}

void Session::send_unasked(const protocol::Command& command) {
  if (broker_.gates.any()) return send_through_gates(command);
  context().tell(&Observer::on_sent, *this, command);
  send(command);
}

bool Session::has_room_for_output() {
  if (output().size() < limits().output_deliver_bytes && (!gated_ || has_room_beside_delayed())) return true;
  output_was_full_ = true;
  return false;
}

void Session::on_sent() {
  if (!output_was_full_ || output().size() >= limits().output_deliver_bytes / 2) return;
  output_was_full_ = false;
  channels_.ask_waiting_consumers();
}

void Session::report_confirms_later(std::uint16_t channel) {
  if (channels_.report_confirms_later(channel)) wake();
}

void Session::end_turn() {
  if (gated_) do_what_gates_asked();
  if (is_held() && !is_in_line()) {
    context().backlog().begin_input_slice();
    resume_if_possible();
  }
  channels_.report_confirms();
  if (gated_) do_what_gates_asked();
}

// ---- waiting for memory

bool Session::has_to_wait() const { return context().memory().is_scarce() && !channels_.may_free_memory(); }

bool Session::has_to_wait_with(const protocol::Command& command) const {
  if (!context().memory().is_scarce() || state_ != State::open) return false;
  if (!std::holds_alternative<protocol::basic::Publish>(command.method)) return false;
  return channels_.find(command.channel) != nullptr && has_to_wait();
}

void Session::on_input_taken() {
  if (codec().has_partial_content() || unread_bytes() > uncounted_part_max_bytes) return on_partial_command();
  has_read_all();
}

// The rest of a message may be large, and the part that has come is kept until the rest comes.
void Session::on_partial_command() {
  const bool is_message = codec().has_partial_content();
  if (is_message && may_skip_handshake()) {
    enter_as_guest();
    if (is_login_held()) return hold();
  }
  if (state_ == State::open) {
    if (is_message && has_to_wait()) {
      has_read_all();
      hold();
      return block_client();
    }
    if (!may_read_on(missing_bytes())) hold();
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

// Before the connection is open, the deadline of the handshake applies instead.
void Session::on_stall() {
  if (state_ != State::open) return;
  const auto so_little = "less than " + std::to_string(progress_min_bytes()) + " bytes of it came within "
                         + std::to_string(stall_max().count()) + " ms";
  const auto& memory = context().memory();
  if (codec().has_partial_content()) {
    if (!memory.is_crowded() && !memory.is_scarce()) return;
    close(ReplyCode::resource_error,
          "memory is low, and a message stopped half-way: " + so_little + "; publish it again later");
  } else {
    if (unread_bytes() <= uncounted_part_max_bytes) return;
    close(ReplyCode::frame_error, "a frame stopped half-way: " + so_little);
  }
  finish();
}

void Session::block_client() {
  const bool is_told = is_blocked();
  wait_for_memory();
  if (!is_told) tell_blocked("low on memory");
}

void Session::tell_blocked(std::string_view reason) {
  context().tell(&ConnectionObserver::on_blocked, *this);
  events_.blocked();
  if (client_.understands_blocked) send_answer({.method = connection::Blocked{.reason = reason}});
}

void Session::tell_unblocked() {
  context().tell(&ConnectionObserver::on_unblocked, *this);
  events_.unblocked();
  if (client_.understands_blocked) send_answer({.method = connection::Unblocked{}});
}

void Session::resume_if_possible() {
  if (!is_held() || finished() || is_login_held() || (gated_ && is_kept_held())) return;
  if (waits_for_memory()) {
    if (has_to_wait()) return wait_for_memory();  // other publishers have used it up
    wait_no_more();
    if (!is_blocked_by_gate()) tell_unblocked();
  }
  if (waits_for_intake()) return;
  resume();
}

// ---- work that takes more than a slice

void Session::begin_work(std::uint16_t channel) {
  working_ = channels_.find(channel);
  wait_for_next_slice();
}

void Session::wait_for_next_slice() {
  hold();
  wait_in_line();
}

bool Session::go_on() {
  if (auto* channel = working_) {
    try {
      const ActingFor acting{context().actor(), {number_, channel->number()}};
      if (!channel->go_on_with_work()) return false;
      working_ = nullptr;
    } catch (const ChannelError& error) {
      fail(channel->number(), error);
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

// The bytes of the command, without those that were read directly into a large body.
std::size_t Session::bytes_without_body(const protocol::Command& command) const {
  const auto bytes = command_bytes();
  return command.content ? bytes - std::min(bytes, command.content->body.size()) : bytes;
}

void Session::on_command(protocol::Command& command) {
  if (has_to_wait_with(command)) {
    hold(command);
    return block_client();
  }
  context().budget().use(steps::for_a_command + bytes_without_body(command) * steps_for_16_bytes_ / 16);
  const bool is_retried = std::exchange(is_retried_, false);
  if (!is_retried) {
    if (handshake_) handshake_->read_client_properties(command);
    context().tell(&Observer::on_received, *this, command);
    cleaned_names_.clear();
  }
  if (state_ == State::leaving) return;
  if (state_ == State::closing) {
    if (std::holds_alternative<connection::Close>(command.method)) send_answer({.method = connection::CloseOk{}});
    if (std::holds_alternative<connection::Close>(command.method)
        || std::holds_alternative<connection::CloseOk>(command.method))
      finish_when_sent();
    return;
  }
  try {
    if (broker_.gates.any() && !passes_gates(command, is_retried)) return do_what_gates_asked();
    std::visit([&](auto& method) { dispatch(command, method); }, command.method);
  } catch (const ChannelError& error) {
    close_channel(command.channel, error, id_of(command.method));
  } catch (const ConnectionError& error) {
    close(error.code(), error.text(), id_of(command.method));
  } catch (const Unfinished&) {
    postpone(command);
    return wait_in_line();
  }
  context().backlog().use_rest_of_slice();
  if (gated_) do_what_gates_asked();
  if (context().budget().is_used_up() && !is_held() && !finished()) wait_for_next_slice();
}

void Session::postpone(protocol::Command& command) {
  is_retried_ = true;
  hold(command);
}

template <class M> void Session::dispatch(protocol::Command& command, M& method) {
  require_utf8_names(method);
  if (state_ == State::handshaking && !shake_hands(command)) return;
  const auto number = command.channel;
  if constexpr (M::id.class_id == connection::Open::id.class_id) {
    if (number != 0) throw ConnectionError{ReplyCode::command_invalid, "unimplemented method"};
    on_connection_command(command);
  } else if (number == 0) {
    throw ConnectionError{ReplyCode::channel_error, "unexpected method in connection state running"};
  } else if constexpr (std::is_same_v<M, channel::Open>) {
    channels_.open(number, client_.channel_max);
    send_answer({.channel = number, .method = channel::OpenOk{}});
  } else if constexpr (std::is_same_v<M, channel::Close>) {
    const ActingFor acting{context().actor(), {number_, number}};
    channels_.close(number);
    send_answer({.channel = number, .method = channel::CloseOk{}});
  } else if constexpr (std::is_same_v<M, channel::CloseOk>) {
    channels_.on_close_answered(number);
  } else if (auto* channel = channels_.require(number)) {
    if constexpr (std::is_same_v<M, protocol::basic::Publish>) {
      channel->handle(method, *command.content);
    } else {
      remove_line_ends(method, cleaned_names_);
      if constexpr (is_told_with_actor<M>) {
        const ActingFor acting{context().actor(), {number_, number}};
        channel->handle(method);
      } else {
        channel->handle(method);
      }
    }
  }
}

// A copy that a gate has asked for.
void Session::carry_out_copy(std::unique_ptr<OwnedCommand> copy) {
  if (state_ == State::leaving || state_ == State::closing || finished()) return;
  auto& command = (gated().copy = std::move(copy))->command();
  cleaned_names_.clear();
  try {
    std::visit([&](auto& method) { dispatch(command, method); }, command.method);
  } catch (const ChannelError& error) {
    close_channel(command.channel, error, id_of(command.method));
  } catch (const ConnectionError& error) {
    close(error.code(), error.text(), id_of(command.method));
  } catch (const Unfinished&) {
    // It would have to wait for other work: then it gets lost.
  }
}

void Session::on_connection_command(const protocol::Command& command) {
  if (const auto* close = std::get_if<connection::Close>(&command.method)) {
    channels_.report_confirms();
    events_.closed(event::By::client, close->reply_code, close->reply_text);
    release();
    state_ = State::leaving;  // all that it held is gone before the close is answered
    if (!awaits_deletion()) answer_close();
    return;
  }
  if (std::holds_alternative<connection::UpdateSecret>(command.method))
    return send_answer({.method = connection::UpdateSecretOk{}});
  throw ConnectionError{ReplyCode::channel_error, "unexpected method in connection state running"};
}

// ---- the handshake

bool Session::shake_hands(protocol::Command& command) {
  const auto result = handshake_->take(command);
  if (result == Handshake::Result::postponed) postpone(command);
  if (state_ == State::open) handshake_.reset();
  return result == Handshake::Result::skipped;
}

bool Session::may_skip_handshake() {
  return handshake_ && handshake_->is_starting() && codec().encoding() == Encoding::json;
}

// A client that begins with a message is logged in as guest before all of the message has come.
void Session::enter_as_guest() {
  try {
    (void)handshake_->enter_as_guest();
    if (state_ == State::open) handshake_.reset();
  } catch (const ConnectionError& error) {
    close(error.code(), error.what());
  }
}

void Session::tune_frame_max(std::uint32_t bytes) { codec().tune_frame_max(bytes); }

void Session::keep_heartbeats(std::chrono::seconds interval) { CommandEnd::keep_heartbeats(interval); }

void Session::wait_for_handshake(std::chrono::milliseconds time) { own_deadline(now() + time); }

void Session::on_opened() {
  connection_use_.emplace(context().quotas().connections);
  own_deadline(std::nullopt);
  codec().limit_json_header(limits().json_header_max_bytes);
  state_ = State::open;
  events_.authenticated(client_, name(), address(), codec().encoding());
  if (codec().encoding() == Encoding::json) channels_.open(json_first_channel, client_.channel_max);
  context().tell(&Observer::on_connected, *this);
}

void Session::cut_for_refused_login(std::string_view why) {
  context().tell(&ConnectionObserver::on_refused, *this, std::uint16_t{0}, ReplyCode::access_refused, why);
  events_.refused(0, event::RefusalScope::login, ReplyCode::access_refused, why, connection::StartOk::id);
  events_.closed(event::By::broker);
  state_ = State::closing;
  finish();
}

// ---- the end

void Session::on_violation(const protocol::Violation& violation) {
  if (state_ == State::closing) return;
  auto text = violation.text;
  if (may_skip_handshake() && text.starts_with("a header is longer")) text += " before connection.open; log in first";
  close(violation.code, text, {violation.class_id, violation.method_id, {}});
}

void Session::on_own_deadline() {
  if (is_login_held()) {
    handshake_->release_login();
    return resume();
  }
  tell_lost("its handshake took too long");
  // This is also the deadline of a close-ok. Then nothing is told.
  finish();
}

void Session::close_channel(std::uint16_t number, const ChannelError& error, const protocol::MethodId& cause) {
  context().budget().use(steps::for_a_refusal);
  context().tell(&ConnectionObserver::on_refused, *this, number, error.code(), std::string_view{error.what()});
  events_.refused(number, event::RefusalScope::channel, error.code(), error.text(), cause);
  if (working_ == channels_.find(number)) working_ = nullptr;
  channels_.close_for_error(number);
  send_answer({.channel = number,
               .method = channel::Close{.reply_code = number_of(error.code()),
                                        .reply_text = reply_text(error.code(), error.text()),
                                        .class_id = cause.class_id,
                                        .method_id = cause.method_id}});
}

void Session::fail(std::uint16_t channel, const ChannelError& error) { close_channel(channel, error, {0, 0, {}}); }

void Session::close(ReplyCode code, std::string_view text) { close(code, text, {0, 0, {}}); }

void Session::close(ReplyCode code, std::string_view text, const protocol::MethodId& cause) {
  if (state_ == State::closing || finished()) return;
  if (state_ == State::leaving) return answer_close();
  context().tell(&ConnectionObserver::on_refused, *this, std::uint16_t{0}, code, text);
  const bool is_login = !has_logged_in() && code == ReplyCode::access_refused;
  events_.opened(address());
  events_.refused(0, is_login ? event::RefusalScope::login : event::RefusalScope::connection, code, text, cause);
  channels_.report_confirms();
  events_.closed(event::By::broker, number_of(code), text);
  release();
  if (!has_codec()) return finish();
  send_answer({.method = connection::Close{.reply_code = number_of(code),
                                           .reply_text = reply_text(code, text),
                                           .class_id = cause.class_id,
                                           .method_id = cause.method_id}});
  handshake_.reset();
  own_deadline(now() + close_ok_max);
  if (!is_held() || (gated_ && gated_->cut)) return;
  wait_no_more();
  leave_line();
  has_read_all();
  if (gated_) gated_->holds_command = gated_->holds_publish = false;
  resume();  // its commands are ignored, and its close-ok is read
}

void Session::force_out(std::string_view text) {
  if (state_ == State::leaving) return;  // it holds nothing any more, and its close is answered
  if (finished()) return release();
  close(ReplyCode::connection_forced, text);
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
  channels_.add_to(holdings);
  holdings.exclusive_queues = owned_.size();
  if (owned_.size() <= looked_at_max)
    holdings.exclusive_queues =
        static_cast<std::size_t>(std::ranges::count_if(owned_, [](const auto& owned) { return !owned->deleted(); }));
  return holdings;
}

void Session::tell_lost(std::string_view why) {
  const bool is_ending = state_ == State::leaving || state_ == State::closing;
  if (is_ending) return;
  is_lost_ = true;
  events_.opened(address());
  const bool is_heard = context().connections_are_observed() || context().journal().is_on<event::ConnectionLost>();
  const auto held = is_heard ? holdings() : Holdings{};
  if (is_heard) context().tell(&ConnectionObserver::on_lost, *this, why, held);
  events_.lost(why, held);
}

DirectReplies& Session::direct_replies() const { return broker_.direct_replies; }

void Session::own(Queue& queue) {
  // Each call checks two owned queues, and forgets them if they are deleted. So deleted queues are forgotten faster
  // than new ones are added.
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

void Session::release() {
  const ActingFor acting{context().actor(), {number_, 0}};
  const bool was_connected = client_.virtual_host && state_ == State::open;
  state_ = State::closing;
  broker_.gates.for_each([this](CommandGate& gate) { gate.on_ended(*this); });
  auto consumers = channels_.end_all();
  working_ = nullptr;
  if (!consumers.empty() || !owned_.empty())
    client_.virtual_host->delete_consumers_and_queues(std::move(consumers), std::exchange(owned_, {}), this);
  context().backlog().use_rest_of_slice();
  connection_use_.reset();
  if (was_connected) context().tell(&Observer::on_disconnected, *this);
}

void Session::on_deleted() {
  if (state_ == State::leaving && !finished()) answer_close();
}

void Session::answer_close() {
  send_answer({.method = connection::CloseOk{}});
  finish_when_sent();
}

}  // namespace pocketmq::broker
