#include "broker/http/http_end.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "broker/http/same_site.hpp"

namespace pocketmq::broker::http {
namespace {

// What a connection takes itself, about.
constexpr std::size_t end_bytes = 3'072;

// What requests and responses cost, in the budget's steps of about 20 ns.
constexpr std::size_t steps_for_a_request = 500;  // parse it, find its handler, write a head
constexpr std::size_t header_bytes_a_step = 2;
constexpr std::size_t body_bytes_a_step = 64;
constexpr std::size_t streamed_bytes_a_step = 4;  // as slow as a handler writes JSON
// A stream's handler may always write as much, or it would make no progress.
constexpr std::size_t room_min_bytes = 1'024;

constexpr std::string_view go_ahead = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

HttpEnd::HttpEnd(HttpState& state, Caller caller, TimePoint now)
    : Intake::Reader{state.context.intake()},
      Backlog::Item{state.context.backlog()},
      state_{state},
      context_{state.context},
      caller_{std::move(caller)},
      charge_{state.context.memory(), end_bytes},
      place_{state.waiting.insert(state.waiting.end(), this)},
      input_{state.limits.input_at_once_bytes},
      since_{now},
      last_sent_{now} {
  input_.charge_to(context_.memory().incoming());
  output_.charge_to(context_.memory());
}

HttpEnd::~HttpEnd() {
  forget_request();
  if (!finished()) line().erase(place_);
}

// ---- in and out

void HttpEnd::observe(TimePoint now) {
  context_.clock().observe(now);
  context_.backlog().begin_share();
}

void HttpEnd::commit(std::size_t bytes, TimePoint now) {
  observe(now);
  input_.commit(bytes);
  progress_bytes_ += bytes;
  process();
}

bool HttpEnd::may_take_input() const {
  return is_receiving() && !is_in_line() && !stands_in_line() && output_.size() < state_.limits.output_bytes;
}

// What was held before the turn may go on now: an answer has been given, or the intake calls.
void HttpEnd::end_turn() {
  if (input_.unread().empty() || !may_take_input()) return;
  context_.backlog().begin_share();
  process();
}

void HttpEnd::sent(std::size_t bytes, TimePoint now) {
  context_.clock().observe(now);
  if (bytes == 0) {
    if (!blocked_since_) blocked_since_ = now;
    return;
  }
  const bool was_held = !may_take_input();
  output_.consume(bytes);
  if (was_held && may_take_input()) begin_waiting();
  blocked_since_.reset();
  last_sent_ = now;
  // What comes next is made ready in the backlog's slices, so that many large responses make no long turn.
  const bool has_more = !rest_.empty() || (answer_ == Answer::stream && pending_ && pending_->on_room)
                        || (is_receiving() && !input_.unread().empty());
  if (!has_more || output_.size() > state_.limits.output_bytes / 2) return;
  if (answer_ == Answer::stream) wants_room_call_ = true;
  wait_in_line();
}

bool HttpEnd::go_on() {
  if (!rest_.empty()) send_some();
  if (wants_room_call_) call_for_room();
  process();
  wake();
  return true;
}

void HttpEnd::tick(TimePoint now) {
  observe(now);
  if (finished()) return;
  if (blocked_since_ && *blocked_since_ + state_.limits.unread_max <= now) {
    tell_gone();
    return finish();
  }
  if (receive_deadline() <= now) {
    const auto seconds = std::to_string(std::chrono::ceil<std::chrono::seconds>(state_.limits.request_max).count());
    if (phase_ == Phase::idle) return finish();
    if (phase_ == Phase::head)
      return refuse(error(408, "the request's header did not come within " + seconds + " seconds; send it at once"));
    return refuse(error(408, "less than " + std::to_string(state_.limits.body_progress_bytes)
                                 + " bytes of the body came within " + seconds
                                 + " seconds; send it faster, or in parts"));
  }
  if (answer_ == Answer::stream && !idle_text_.empty() && last_sent_ + state_.limits.event_stream_idle <= now) {
    last_sent_ = now;
    if (output_.empty()) write(idle_text_);
  }
}

TimePoint HttpEnd::deadline() const {
  if (finished()) return TimePoint::max();
  auto earliest = receive_deadline();
  if (blocked_since_) earliest = std::min(earliest, *blocked_since_ + state_.limits.unread_max);
  if (answer_ == Answer::stream && !idle_text_.empty())
    earliest = std::min(earliest, last_sent_ + state_.limits.event_stream_idle);
  return earliest;
}

// While it is not read from, the peer may have sent what is missed.
TimePoint HttpEnd::receive_deadline() const {
  if (!may_take_input()) return TimePoint::max();
  return since_ + (phase_ == Phase::idle && !is_first_ ? state_.limits.idle_max : state_.limits.request_max);
}

void HttpEnd::disconnect(std::error_code, TimePoint now) {
  observe(now);
  tell_gone();
  finish();
}

void HttpEnd::leave(std::string_view text) {
  if (finished()) return;
  if (phase_ == Phase::idle) {
    finish();
  } else if (answer_ == Answer::none) {
    refuse(error(503, text));
  } else {
    tell_gone();
    finish();
  }
}

void HttpEnd::turn_away(std::string_view text) { refuse(error(503, text)); }

// ---- a request comes

void HttpEnd::process() {
  if (processing_) return;
  processing_ = true;
  while (may_take_input() && take_some()) {
    if (context_.budget().is_used_up() && !input_.unread().empty() && is_receiving()) wait_in_line();
  }
  processing_ = false;
  input_.release();
}

// Whether there may be more to take.
bool HttpEnd::take_some() {
  if (phase_ == Phase::idle) {
    // An empty line before a request is passed over (RFC 9112, section 2.2).
    const auto unread = input_.unread();
    input_.consume(std::min(unread.find_first_not_of("\r\n"), unread.size()));
    if (input_.unread().empty()) return false;
    begin_request();
  }
  std::size_t taken = 0;
  const auto progress = parser_->take(input_.unread(), taken);
  input_.consume(taken);
  context_.budget().use(taken / (phase_ == Phase::head ? header_bytes_a_step : body_bytes_a_step));
  switch (progress) {
    case RequestParser::Progress::need_more:
      if (phase_ == Phase::body) take_part_of_body();
      return false;
    case RequestParser::Progress::fault: refuse(parser_->refusal()); return false;
    case RequestParser::Progress::head: on_head(); return true;
    case RequestParser::Progress::whole: on_whole(); return true;
  }
  return false;
}

// The two lists tell who waits, and for how long.
void HttpEnd::begin_phase(Phase phase) {
  auto& from = line();
  phase_ = phase;
  begin_waiting();
  auto& to = line();
  if (&from != &to) to.splice(to.end(), from, place_);
}

void HttpEnd::begin_waiting() {
  since_ = context_.now();
  progress_bytes_ = 0;
}

void HttpEnd::begin_request() {
  begin_phase(Phase::head);
  is_first_ = false;
  parser_ = std::make_unique<RequestParser>(state_.limits, context_.memory().incoming());
  refusal_.reset();
  route_ = nullptr;
  keeps_alive_ = true;
  is_head_request_ = is_http_1_0_ = false;
}

void HttpEnd::on_head() {
  context_.budget().use(steps_for_a_request);
  begin_phase(Phase::body);
  keeps_alive_ = parser_->keeps_alive();
  is_http_1_0_ = parser_->is_http_1_0();
  is_head_request_ = parser_->request().method == Method::head;
  refusal_ = look_at_head();
  if (!parser_->has_body()) return;
  const auto expectation = parser_->request().header("Expect");
  // Of a request that is refused a short body is read, so that the connection can go on.
  if (refusal_ && (expectation || parser_->left_to_come() > state_.limits.small_bytes))
    return refuse(std::move(*refusal_));
  if (expectation && !is_http_1_0_ && input_.unread().empty()) append(go_ahead);
}

std::optional<Response> HttpEnd::look_at_head() {
  auto& request = parser_->request();
  request.caller = caller_;
  std::string authority;
  if (const auto fault = decode_target(request, authority); !fault.empty()) return error(400, fault);
  if (auto refused = refuse_other_sites(request, authority, is_http_1_0_, state_.names)) return refused;
  if (auto refused = refuse_expectation()) return refused;
  auto found = state_.router.find(request);
  route_ = found.route;
  if (found.answer) return std::move(found.answer);
  if (parser_->has_body() && request.method != Method::get && request.method != Method::head)
    return refuse_content_type(request, route_->settings.content_types);
  return std::nullopt;
}

std::optional<Response> HttpEnd::refuse_expectation() const {
  const auto expectation = parser_->request().header("Expect");
  if (!expectation || same_ignoring_case(*expectation, "100-continue")) return std::nullopt;
  return error(417, "the only Expect is '100-continue'; leave it out");
}

void HttpEnd::take_part_of_body() {
  if (progress_bytes_ >= state_.limits.body_progress_bytes) begin_waiting();
  // If not, it is not read from until it is called.
  (void)may_read_on(parser_->left_to_come());
}

void HttpEnd::on_whole() {
  has_read_all();
  begin_phase(Phase::answering);
  const auto parser = std::move(parser_);
  if (refusal_)
    send(*std::exchange(refusal_, std::nullopt));
  else
    run_handler(parser->request());
}

void HttpEnd::run_handler(Request& request) {
  const auto pending = pending_ = std::make_shared<Pending>();
  pending->sink = this;
  try {
    route_->handler(request, Responder{pending});
  } catch (const HttpError& error) {
    if (pending->sink != nullptr && answer_ == Answer::none) send(error.response());
  } catch (const std::exception& fault) {
    if (pending->sink != nullptr && answer_ == Answer::none)
      send(error(500, "the broker made a mistake: " + std::string{fault.what()}));
  }
  context_.backlog().use_rest_of_slice();
}

// The request has not come as a whole, or nobody waits for it any more.
void HttpEnd::refuse(Response refusal) {
  has_read_all();
  keeps_alive_ = false;
  if (is_receiving()) begin_phase(Phase::answering);
  tell_gone();
  send(std::move(refusal));
}

// ---- a response goes

void HttpEnd::append(std::string_view bytes) {
  const auto from = output_.written();
  output_.append(bytes);
  output_.count_as_answer(from);
  wake();
}

void HttpEnd::send_head(const ResponseHead& head, Framing framing, std::uint64_t body_bytes) {
  framing_ = framing;
  std::string text;
  append_head(head,
              {.framing = framing,
               .body_bytes = body_bytes,
               .keeps_alive = keeps_alive_,
               .is_http_1_0 = is_http_1_0_,
               .seconds_since_epoch =
                   static_cast<std::uint64_t>(std::max<std::int64_t>(0, context_.clock().since_epoch().count()))},
              text);
  append(text);
}

void HttpEnd::send(Response response) {
  auto bytes = response.lasting_body.empty() ? response.body.size() : response.lasting_body.size();
  if (response.lasting_body.empty() && bytes > state_.limits.small_bytes
      && state_.response_bytes + bytes > state_.limits.responses_max_bytes) {
    response = error(503, "too many large responses wait for their readers; try again, or read faster");
    bytes = response.body.size();
  }
  answer_ = Answer::whole;
  const bool has_body = response.status != 204 && response.status != 304;
  send_head(response, has_body ? Framing::length : Framing::none, bytes);
  if (!has_body || is_head_request_ || bytes == 0) return finish_response();
  if (response.lasting_body.empty()) {
    body_ = std::move(response.body);
    rest_ = body_;
    if (bytes > state_.limits.output_bytes) {
      counted_bytes_ = bytes;
      state_.response_bytes += bytes;
      body_charge_ = protocol::MemoryCharge{context_.memory(), bytes};
    }
  } else {
    rest_ = response.lasting_body;
  }
  send_some();
}

void HttpEnd::send_some() {
  const auto limit = state_.limits.output_bytes;
  const auto piece = rest_.substr(0, limit - std::min(limit, output_.size()));
  context_.budget().use(piece.size() / body_bytes_a_step);
  append(piece);
  rest_.remove_prefix(piece.size());
  if (rest_.empty()) finish_response();
}

void HttpEnd::begin(ResponseHead head) {
  answer_ = Answer::stream;
  if (is_http_1_0_) keeps_alive_ = false;
  last_sent_ = context_.now();
  idle_text_ = std::move(head.idle_text);
  send_head(head, is_http_1_0_ ? Framing::close : Framing::chunked, 0);
  if (!is_head_request_) return;
  tell_gone();  // no body is wanted
  finish_response();
}

void HttpEnd::write(std::string_view bytes) {
  context_.budget().use(bytes.size() / streamed_bytes_a_step);
  last_sent_ = context_.now();
  if (framing_ == Framing::chunked) {
    std::array<char, 16> size{};
    const auto [end, fault] = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16);
    append({size.data(), static_cast<std::size_t>(end - size.data())});
    append("\r\n");
    append(bytes);
    append("\r\n");
  } else {
    append(bytes);
  }
  if (output_.size() <= state_.limits.output_bytes + state_.limits.stream_behind_max_bytes) return;
  // Who is that far behind will not catch up, and what it has not read is let go of at once.
  output_.consume(output_.size());
  cut();
}

std::size_t HttpEnd::room() {
  const auto left = state_.limits.output_bytes - std::min(state_.limits.output_bytes, output_.size());
  const auto steps_left = static_cast<std::size_t>(std::max<std::int64_t>(0, context_.budget().left()));
  return steps_left == 0 ? 0 : std::min(left, std::max(room_min_bytes, steps_left * streamed_bytes_a_step));
}

void HttpEnd::ask_for_room() {
  wants_room_call_ = true;
  wait_in_line();
}

void HttpEnd::call_for_room() {
  wants_room_call_ = false;
  const auto pending = pending_;
  if (!pending || answer_ != Answer::stream || !pending->on_room) return;
  if (output_.size() >= state_.limits.output_bytes) return;  // until the reader has taken some
  if (room() == 0) return ask_for_room();                    // in another slice
  auto f = std::exchange(pending->on_room, nullptr);
  const auto before = output_.written();
  try {
    f();
  } catch (const std::exception&) {
    return cut();
  }
  if (pending->sink != this) return;
  if (!pending->on_room) pending->on_room = std::move(f);
  // It stopped because the turn's time was used up, not because it has no more.
  if (output_.written() != before && output_.size() < state_.limits.output_bytes) ask_for_room();
}

void HttpEnd::end() {
  if (framing_ == Framing::chunked) append("0\r\n\r\n");
  finish_response();
}

void HttpEnd::cut() {
  tell_gone();
  finish();
}

void HttpEnd::finish_response() {
  forget_request();
  if (!keeps_alive_) return finish();
  begin_phase(Phase::idle);
  wake();
}

void HttpEnd::forget_request() {
  if (pending_) {
    pending_->sink = nullptr;
    // What these hold may answer when it goes, which leads here.
    const auto pending = std::exchange(pending_, nullptr);
    pending->on_gone = nullptr;
    pending->on_room = nullptr;
  }
  answer_ = Answer::none;
  body_ = {};
  rest_ = {};
  state_.response_bytes -= std::exchange(counted_bytes_, 0);
  body_charge_ = {};
  idle_text_.clear();
  wants_room_call_ = false;
}

void HttpEnd::tell_gone() {
  if (!pending_ || pending_->sink == nullptr) return;
  const auto pending = pending_;
  pending->sink = nullptr;
  if (auto gone = std::exchange(pending->on_gone, nullptr)) gone();
}

void HttpEnd::finish() {
  if (finished()) return;
  forget_request();
  parser_.reset();
  has_read_all();
  leave_line();
  line().erase(place_);
  phase_ = Phase::finished;
  wake();
}

}  // namespace pocketmq::broker::http
