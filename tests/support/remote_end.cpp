#include "tests/support/remote_end.hpp"

#include <algorithm>
#include <cstring>

#include "broker/session/session.hpp"

namespace pocketmq::tests {
namespace {

constexpr std::chrono::seconds farewell{2};  // as protocol::Transport gives

}  // namespace

RemoteEnd::RemoteEnd(std::unique_ptr<broker::Session> session, std::optional<Encoding> encoding)
    : session_{std::move(session)} {
  if (encoding) speech_.emplace(*encoding);
  session_->on_wake(this);
}

RemoteEnd::~RemoteEnd() = default;

void RemoteEnd::send_bytes(std::string_view bytes) {
  to_send_ += bytes;
  woken_ = true;
}

void RemoteEnd::read_at_most(std::size_t bytes) {
  may_read_ = bytes;
  woken_ = true;
}

bool RemoteEnd::take_turn(TimePoint now) {
  if (!session_ || !std::exchange(woken_, false)) return false;
  write_to_session(now);
  session_->end_turn();
  if (bytes_to_send() > 0 && session_->wants_input()) woken_ = true;
  read_from_session(now);
  if (session_->finished() && !farewell_ends_) farewell_ends_ = now + farewell;
  if (session_->finished() && session_->output().empty()) {
    was_reset_ = session_->resets();
    vanish(now);
  }
  return true;
}

void RemoteEnd::write_to_session(TimePoint now) {
  while (bytes_to_send() > 0 && session_->wants_input()) {
    const auto room = session_->prepare();
    const auto bytes = std::min({room.size(), bytes_to_send(), piece_});
    std::memcpy(room.data(), to_send_.data() + sent_, bytes);
    sent_ += bytes;
    session_->commit(bytes, now);
    woken_ = true;
  }
  if (bytes_to_send() > 0) return;
  to_send_.clear();
  sent_ = 0;
}

void RemoteEnd::read_from_session(TimePoint now) {
  while (!session_->output().empty()) {
    if (may_read_ == 0) return session_->sent(0, now);
    std::string bytes;
    append_waiting(session_->output(), may_read_, bytes);
    if (may_read_ != std::numeric_limits<std::size_t>::max()) may_read_ -= bytes.size();
    session_->sent(bytes.size(), now);
    woken_ = true;
    if (speech_)
      speech_->hear(bytes);
    else
      raw_inbox_ += bytes;
  }
}

TimePoint RemoteEnd::deadline() const {
  if (!session_) return TimePoint::max();
  return std::min(farewell_ends_.value_or(TimePoint::max()), session_->deadline());
}

void RemoteEnd::tick(TimePoint now) {
  if (farewell_ends_) return vanish(now);
  session_->tick(now);
  woken_ = true;
}

void RemoteEnd::vanish(TimePoint now) {
  if (!session_) return;
  session_->on_wake(nullptr);
  session_->disconnect(std::make_error_code(std::errc::connection_reset), now);
  session_.reset();
}

}  // namespace pocketmq::tests
