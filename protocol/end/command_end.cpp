#include "protocol/end/command_end.hpp"

#include <algorithm>
#include <utility>

namespace pocketmq::protocol {
namespace {

constexpr std::chrono::seconds write_stall_without_heartbeats{60};
constexpr std::chrono::seconds probe_interval{5};

}  // namespace

std::span<std::byte> CommandEnd::prepare() { return codec_ ? codec_->prepare(input_) : input_.prepare(); }

void CommandEnd::commit(std::size_t bytes, TimePoint now) {
  observe(now);
  last_received_ = now;
  progress_bytes_ += static_cast<std::uint32_t>(bytes);
  if (codec_)
    codec_->commit(input_, bytes);
  else
    input_.commit(bytes);
  process();
}

bool CommandEnd::wants_input() const {
  return !finished_ && !held_ && output_.answers() <= limits_.output_answer_bytes;
}

void CommandEnd::sent(std::size_t bytes, TimePoint now) {
  observe(now);
  if (bytes == 0) {
    if (!blocked_since_) blocked_since_ = now;
    return;
  }
  const bool was_held = !wants_input();
  output_.consume(bytes);
  last_sent_ = now;
  blocked_since_.reset();
  on_sent();
  if (was_held && wants_input()) {
    last_received_ = now;  // the peer may have sent meanwhile
    incomplete_since_ = TimePoint::max();
    process();
  }
}

void CommandEnd::tick(TimePoint now) {
  observe(now);
  if (finished_) return;
  if (own_deadline_ && *own_deadline_ <= now) {
    own_deadline_.reset();
    on_own_deadline();
  }
  if (frozen_) return;
  if (write_stall_deadline() <= now) return time_out("it does not read what is sent to it");
  if (read_stall_deadline() <= now) {
    incomplete_since_ = now;
    progress_bytes_ = 0;
    on_stall();
  }
  if (finished_) return;  // on_own_deadline or on_stall may have finished it
  if (probe_deadline() <= now) {
    codec_->encode_heartbeat(output_);
    last_sent_ = now;
  }
  if (heartbeat_.count() == 0) return;
  if (wants_input() && last_received_ + 2 * heartbeat_ <= now) return time_out("missed heartbeats");
  if (last_sent_ + heartbeat_ / 2 <= now) {
    codec_->encode_heartbeat(output_);
    last_sent_ = now;  // also if it waits in the output: no second heartbeat is needed then
  }
}

TimePoint CommandEnd::deadline() const {
  if (finished_) return TimePoint::max();
  if (frozen_) return own_deadline_.value_or(TimePoint::max());
  auto earliest = std::min(
      {own_deadline_.value_or(TimePoint::max()), write_stall_deadline(), read_stall_deadline(), probe_deadline()});
  if (heartbeat_.count() == 0) return earliest;
  earliest = std::min(earliest, last_sent_ + heartbeat_ / 2);
  if (wants_input()) earliest = std::min(earliest, last_received_ + 2 * heartbeat_);
  return earliest;
}

TimePoint CommandEnd::write_stall_deadline() const {
  if (!blocked_since_ || peer_may_stall_) return TimePoint::max();
  return *blocked_since_ + (heartbeat_.count() == 0 ? write_stall_without_heartbeats : 2 * heartbeat_);
}

TimePoint CommandEnd::read_stall_deadline() const {
  if (incomplete_since_ == TimePoint::max() || stall_max().count() == 0 || !wants_input()) return TimePoint::max();
  return incomplete_since_ + stall_max();
}

// If a held peer's process dies, its system may still have data that it cannot send. The end of the connection then
// never arrives. But the peer's system answers a heartbeat with a reset.
TimePoint CommandEnd::probe_deadline() const {
  if (!held_ || !codec_ || heartbeat_.count() != 0) return TimePoint::max();
  return std::max(held_since_, last_sent_) + probe_interval;
}

void CommandEnd::hold() {
  held_ = true;
  held_since_ = now_;
}

void CommandEnd::note_progress(bool took_command) {
  const bool is_incomplete = unread_bytes() > 0 || codec_->has_partial_content();
  if (!is_incomplete) {
    incomplete_since_ = TimePoint::max();
  } else if ((took_command && !codec_->has_partial_content()) || incomplete_since_ == TimePoint::max()
             || progress_bytes_ >= progress_min_bytes()) {
    incomplete_since_ = now_;
    progress_bytes_ = 0;
  }
}

void CommandEnd::send(const Command& command) {
  codec_->encode(command, output_);
  wake();
}

void CommandEnd::keep_heartbeats(std::chrono::seconds interval) {
  heartbeat_ = interval;
  last_received_ = last_sent_ = now_;
  wake();
}

void CommandEnd::hold(Command& command) {
  hold();
  waiting_ = std::make_unique<Command>(std::move(command));
}

void CommandEnd::resume() {
  held_ = false;
  last_received_ = now_;  // the peer may have sent meanwhile
  incomplete_since_ = TimePoint::max();
  process();
}

void CommandEnd::finish() {
  finished_ = true;
  wake();
}

void CommandEnd::freeze() {
  hold();
  frozen_ = true;
  wake();
}

void CommandEnd::observe(TimePoint now) {
  now_ = now;
  on_time(now);
}

void CommandEnd::time_out(std::string_view why) {
  on_time_out(why);
  finish();
}

void CommandEnd::process() {
  if (processing_) return;
  processing_ = true;
  if (!codec_) on_bytes_without_codec(input_);
  Command command;
  bool took_command = false;
  while (codec_ && wants_input()) {
    auto decoded = Decoded::command;
    const auto unread = unread_bytes();
    if (waiting_)
      command = std::move(*std::exchange(waiting_, nullptr));
    else
      decoded = codec_->decode(input_, command);
    command_bytes_ = unread - unread_bytes();
    if (decoded == Decoded::need_more) {
      note_progress(took_command);
      on_input_taken();
      break;
    }
    if (decoded == Decoded::command) {
      took_command = true;
      on_command(command);
      command.content.reset();  // releases the body's block
    } else if (decoded == Decoded::violation) {
      on_violation(codec_->violation());
      finish();
    }
  }
  if (!waiting_) input_.release();
  processing_ = false;
}

}  // namespace pocketmq::protocol
