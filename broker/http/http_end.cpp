#include "broker/http/http_end.hpp"

#include <algorithm>
#include <utility>

#include "broker/http/same_site.hpp"

namespace pocketmq::broker::http {
namespace {

// Roughly the memory that a connection itself takes.
constexpr std::size_t end_bytes = 3'072;

// The cost of requests and responses, in the budget's steps of about 20 ns.
constexpr std::size_t steps_for_a_request = 500;  // parse it, find its handler, write a head
constexpr std::size_t header_bytes_a_step = 2;
constexpr std::size_t body_bytes_a_step = 64;

constexpr std::string_view go_ahead = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

HttpEnd::HttpEnd(HttpState& state, Caller caller, TimePoint now)
    : Intake::Reader{state.context.intake()},
      Backlog::Item{state.context.backlog()},
      state_{state},
      context_{state.context},
      caller_{std::move(caller)},
      charge_{state.context.memory(), end_bytes},
      list_position_{state.waiting.insert(state.waiting.end(), this)},
      input_{state.limits.input_at_once_bytes},
      since_{now},
      last_sent_{now} {
  input_.charge_to(context_.memory().incoming());
  output_.charge_to(context_.memory());
}

HttpEnd::~HttpEnd() {
  forget_request();
  if (!finished()) list_of_phase().erase(list_position_);
}

// ---- in and out

void HttpEnd::observe(TimePoint now) {
  context_.clock().observe(now);
  context_.backlog().begin_input_slice();
}

void HttpEnd::commit(std::size_t bytes, TimePoint now) {
  observe(now);
  input_.commit(bytes);
  progress_bytes_ += bytes;
  process();
}

bool HttpEnd::may_take_input() const {
  return is_receiving() && !is_in_line() && !waits_for_intake() && output_.size() < state_.limits.output_bytes;
}

// Input that was held before the turn may be processed now, because an answer was given or the intake has admitted it.
void HttpEnd::end_turn() {
  if (input_.unread().empty() || !may_take_input()) return;
  context_.backlog().begin_input_slice();
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
  // The next part of the response is made ready in slices of the backlog, so that many large responses do not make a
  // turn long.
  const bool has_more = !rest_.empty() || (answer_ == Answer::stream && pending_ && pending_->on_room)
                        || (is_receiving() && !input_.unread().empty());
  if (!has_more || output_.size() > state_.limits.output_bytes / 2) return;
  if (answer_ == Answer::stream) wants_room_call_ = true;
  wait_in_line();
}

bool HttpEnd::go_on() {
  if (!rest_.empty()) send_some();
  if (wants_room_call_) call_on_room();
  process();
  wake();
  return true;
}

void HttpEnd::tick(TimePoint now) {
  observe(now);
  if (finished()) return;
  if (blocked_since_ && *blocked_since_ + state_.limits.unread_max <= now) {
    call_on_gone();
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

// While the broker does not read, the peer may have sent the missing bytes already. So there is no deadline then.
TimePoint HttpEnd::receive_deadline() const {
  if (!may_take_input()) return TimePoint::max();
  return since_ + (phase_ == Phase::idle && !is_first_ ? state_.limits.idle_max : state_.limits.request_max);
}

void HttpEnd::disconnect(std::error_code, TimePoint now) {
  observe(now);
  call_on_gone();
  finish();
}

void HttpEnd::shut_down(std::string_view text) {
  if (finished()) return;
  if (phase_ == Phase::idle) {
    finish();
  } else if (answer_ == Answer::none) {
    refuse(error(503, text));
  } else {
    call_on_gone();
    finish();
  }
}

void HttpEnd::refuse_connection(std::string_view text) { refuse(error(503, text)); }

// ---- a request comes

void HttpEnd::process() {
  if (processing_) return;
  processing_ = true;
  while (may_take_input() && parse_input()) {
    if (context_.budget().is_used_up() && !input_.unread().empty() && is_receiving()) wait_in_line();
  }
  processing_ = false;
  input_.release();
}

// Takes the next part of a request. Returns whether there may be more to take.
bool HttpEnd::parse_input() {
  if (phase_ == Phase::idle) {
    // An empty line before a request is ignored (RFC 9112, section 2.2).
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
      if (phase_ == Phase::body) on_body_part();
      return false;
    case RequestParser::Progress::fault: refuse(parser_->refusal()); return false;
    case RequestParser::Progress::head: on_head(); return true;
    case RequestParser::Progress::whole: on_request_complete(); return true;
  }
  return false;
}

// The two lists of the state keep the connections in the order in which they began to wait.
void HttpEnd::begin_phase(Phase phase) {
  auto& from = list_of_phase();
  phase_ = phase;
  begin_waiting();
  auto& to = list_of_phase();
  if (&from != &to) to.splice(to.end(), from, list_position_);
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
  refusal_ = check_head();
  if (!parser_->has_body()) return;
  const auto expectation = parser_->request().header("Expect");
  // If a request is refused, its body is read if it is short, so that the connection can go on.
  if (refusal_ && (expectation || parser_->left_to_come() > state_.limits.small_bytes))
    return refuse(std::move(*refusal_));
  if (expectation && !is_http_1_0_ && input_.unread().empty()) append(go_ahead);
}

std::optional<Response> HttpEnd::check_head() {
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

void HttpEnd::on_body_part() {
  if (progress_bytes_ >= state_.limits.body_progress_bytes) begin_waiting();
  // If it may not read on, it waits for `on_admitted`.
  (void)may_read_on(parser_->left_to_come());
}

void HttpEnd::on_request_complete() {
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

// Answers a request that has not come as a whole, or that nobody waits for any more. The connection ends after the
// response.
void HttpEnd::refuse(Response refusal) {
  has_read_all();
  keeps_alive_ = false;
  if (is_receiving()) begin_phase(Phase::answering);
  call_on_gone();
  send(std::move(refusal));
}

}  // namespace pocketmq::broker::http
