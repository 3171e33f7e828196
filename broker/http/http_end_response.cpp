// The part of HttpEnd that sends responses, whole or in pieces.
#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "broker/http/http_end.hpp"

namespace pocketmq::broker::http {
namespace {

// In the budget's steps of about 20 ns.
constexpr std::size_t copied_bytes_a_step = 64;
constexpr std::size_t streamed_bytes_a_step = 4;  // as slow as a handler writes JSON
// A stream's handler may always write this much. Otherwise it would make no progress.
constexpr std::size_t room_min_bytes = 1'024;

}  // namespace

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
  context_.budget().use(piece.size() / copied_bytes_a_step);
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
  call_on_gone();  // no body is wanted
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
  // A reader that is so far behind will not catch up. Its unread output is freed at once.
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
  wake();  // the turn's end sees that the backlog is due
}

void HttpEnd::call_on_room() {
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
  // The function stopped because the budget was used up, not because it has no more to write.
  if (output_.written() != before && output_.size() < state_.limits.output_bytes) ask_for_room();
}

void HttpEnd::end() {
  if (framing_ == Framing::chunked) append("0\r\n\r\n");
  finish_response();
}

void HttpEnd::cut() {
  call_on_gone();
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
    // The objects that these functions hold may answer when they are destroyed, and so call this function again.
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

void HttpEnd::call_on_gone() {
  if (!pending_ || pending_->sink == nullptr) return;
  const auto pending = pending_;
  pending->sink = nullptr;
  if (auto gone = std::exchange(pending->on_gone, nullptr)) gone();
}

void HttpEnd::finish() {
  if (finished()) return;
  forget_request();
  parser_.reset();
  input_.consume(input_.unread().size());
  input_.release();
  has_read_all();
  leave_line();
  list_of_phase().erase(list_position_);
  phase_ = Phase::finished;
  wake();
}

}  // namespace pocketmq::broker::http
