// The client's end of one connection in a `World`. It passes bytes to the broker's session, and keeps what the session
// sends. It drives the session as `protocol::Transport` does. So a test fails if a session forgets to wake its
// transport.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "protocol/end/connection_end.hpp"
#include "tests/support/received.hpp"

namespace pocketmq::broker {
class Session;
}

namespace pocketmq::tests {

using protocol::TimePoint;

class RemoteEnd final : private protocol::Waker {
 public:
  /// Without an encoding, what comes is kept as bytes.
  RemoteEnd(std::unique_ptr<broker::Session> session, std::optional<Encoding> encoding);
  ~RemoteEnd();

  void send(const protocol::Command& command) { send_bytes(speech_->say(command)); }
  /// Of the command's bytes the last ones never come.
  void send_all_but(const protocol::Command& command, std::size_t last_bytes) {
    const auto bytes = speech_->say(command);
    send_bytes(std::string_view{bytes}.substr(0, bytes.size() - last_bytes));
  }
  void send_heartbeat() { send_bytes(speech_->say_heartbeat()); }
  void send_bytes(std::string_view bytes);
  /// From now on the session is given at most that many bytes at a time.
  void send_piecewise(std::size_t bytes) { piece_ = bytes; }
  /// From now on frames of at most that many bytes, in both directions.
  void tune_frame_max(std::uint32_t bytes) { speech_->codec().tune_frame_max(bytes); }

  /// Reads at most that many more bytes from the session: 0 for a client that does not read.
  void read_at_most(std::size_t bytes);
  void read_all() { read_at_most(std::numeric_limits<std::size_t>::max()); }

  /// Moves bytes in both directions. Whether there was anything to do.
  bool take_turn(TimePoint now);
  /// When the session wants to be ticked.
  [[nodiscard]] TimePoint deadline() const;
  void tick(TimePoint now);
  /// The client is gone without a word.
  void vanish(TimePoint now);

  /// Whether the broker still keeps the connection.
  [[nodiscard]] bool is_open() const { return session_ != nullptr; }
  [[nodiscard]] broker::Session& session() { return *session_; }
  /// Whether the broker has ended the connection by a reset.
  [[nodiscard]] bool was_reset() const { return was_reset_; }
  /// Bytes that the session has not read.
  [[nodiscard]] std::size_t bytes_to_send() const { return to_send_.size() - sent_; }

  [[nodiscard]] bool has_encoding() const { return speech_.has_value(); }
  /// What has come and no verb has taken.
  [[nodiscard]] std::list<Received>& inbox() { return speech_ ? speech_->heard : no_inbox_; }
  [[nodiscard]] std::string& raw_inbox() { return raw_inbox_; }
  [[nodiscard]] std::optional<std::uint64_t> latest_tag(std::uint16_t channel, std::string_view body) const {
    return speech_->latest_tag(channel, body);
  }
  [[nodiscard]] int heartbeats() const { return speech_->heartbeats; }

 private:
  void wake() override { woken_ = true; }
  void write_to_session(TimePoint now);
  void read_from_session(TimePoint now);

  std::unique_ptr<broker::Session> session_;
  std::optional<Speech> speech_;
  std::list<Received> no_inbox_;
  std::string raw_inbox_;
  std::string to_send_;
  std::size_t sent_{0};
  std::size_t piece_{std::numeric_limits<std::size_t>::max()};
  std::size_t may_read_{std::numeric_limits<std::size_t>::max()};
  std::optional<TimePoint> farewell_ends_;  // the broker is through with it and it has not read the last bytes
  bool was_reset_{false};
  bool woken_{true};
};

}  // namespace pocketmq::tests
