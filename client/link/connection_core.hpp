// The client's end of a connection, without I/O: the handshake of either encoding, the channels, and closing.
//
// `protocol::Transport` drives it over a socket; tests drive it by hand. Invariant: every callback that reports how
// something ended is called exactly once (see channel_core.hpp).
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "client/link/channel_core.hpp"
#include "client/values/callbacks.hpp"
#include "client/values/error.hpp"
#include "protocol/end/command_end.hpp"

namespace pocketmq::client {

/// How the client logs in.
struct Login {
  std::string virtual_host{"/"};
  std::string user{"guest"};
  std::string password{"guest"};
  std::string connection_name{};
  std::optional<std::chrono::seconds> heartbeat{};  // not set: what the broker offers; 0: none
};

class ConnectionCore final : public protocol::CommandEnd, private ChannelCore::Owner {
 public:
  ConnectionCore(protocol::Encoding encoding, Login login, const protocol::Limits& limits, protocol::TimePoint now);
  ~ConnectionCore() override;

  /// Begins the handshake (AMQP 0-9-1, 1.4; protocol/README.md for JSON). It fails if it is not over by `until`. Call
  /// once.
  void open(protocol::TimePoint until, Done<> done);
  [[nodiscard]] bool has_begun() const { return phase_ != Phase::idle; }
  [[nodiscard]] bool is_open() const { return phase_ == Phase::open; }
  /// Why the connection is not open any more; empty before and while it is open.
  [[nodiscard]] const CloseReason& close_reason() const { return close_reason_; }

  /// A new channel, null with an error.
  void open_channel(Done<std::shared_ptr<ChannelCore>> done);

  /// Closes the connection; operations under way fail with Error::closed. `done` is always called, when the transport
  /// is closed. The core waits at most 5 s for the broker's close-ok, and the transport at most 10 s more.
  void close(protocol::TimePoint now, Done<> done);

  /// Calls `blocked` with a reason when the broker stops taking publishes, and with nullopt when it takes them again.
  void on_blocked(MoveOnlyFunction<void(const std::optional<std::string>& reason)> blocked) {
    blocked_ = std::move(blocked);
  }

  /// Calls `on_drain` once, when less than 1 MiB waits to be sent or the connection is over; at once if that is so
  /// now. A stream waits for this, so that the output does not grow without limit.
  void when_output_drained(MoveOnlyFunction<void()> on_drain);

  /// Calls `closed` once, when the open connection is over, after its channels' callbacks. Its socket may still be
  /// closing.
  void on_closed(MoveOnlyFunction<void(const CloseReason&)> closed) { closed_ = std::move(closed); }

  using CommandEnd::now;

  /// The largest frame that may be sent on the open connection, its overhead included; 0 for no limit. A message's
  /// properties have to fit into one frame.
  [[nodiscard]] std::uint32_t frame_max_bytes() { return codec().limits().frame_max_bytes; }

  /// Called when there is no transport: connecting failed, or the connection is lost.
  void disconnect(std::error_code why, protocol::TimePoint now) override;
  /// The same, with a text that says more than the code.
  void disconnect(const CloseReason& why);

 private:
  enum class Phase : std::uint8_t { idle, starting, tuning, opening, open, closing, ended };

  void on_command(protocol::Command& command) override;
  void on_violation(const protocol::Violation& violation) override;
  void on_sent() override;
  void on_own_deadline() override;
  void on_time_out(std::string_view why) override;

  void handle(const protocol::connection::Start& method);
  void handle(const protocol::connection::Tune& method);
  void handle(const protocol::connection::OpenOk& method);
  void handle(const protocol::connection::Close& method);
  void handle(const protocol::connection::Blocked& method);
  void handle(const protocol::connection::Unblocked& method);
  void handle(const auto& method) { unexpected(method.id); }
  void unexpected(protocol::MethodId id);

  void send_on(std::uint16_t channel, const protocol::Method& method,
               std::optional<protocol::Content> content = std::nullopt) override;
  std::shared_ptr<ChannelCore> release(std::uint16_t channel) override;
  void violate(protocol::ReplyCode code, const std::string& text, protocol::MethodId about) override;
  /// The connection is over: completes everything but `close`, which waits for the transport.
  void end(const CloseReason& reason);
  [[nodiscard]] std::uint16_t wanted_heartbeat() const;  // seconds
  [[nodiscard]] std::string client_properties() const;
  [[nodiscard]] std::optional<std::uint16_t> free_channel_number() const;

  const protocol::Encoding encoding_;
  Login login_;
  Phase phase_{Phase::idle};
  std::uint16_t channel_max_{65'535};
  bool channel_one_is_fresh_;  // in JSON, channel 1 is open from the start
  std::map<std::uint16_t, std::shared_ptr<ChannelCore>> channels_;
  bool is_gone_{false};  // the transport is closed, or there never was one
  Done<> open_done_;
  std::vector<Done<>> close_done_;
  MoveOnlyFunction<void(const std::optional<std::string>&)> blocked_;
  std::vector<MoveOnlyFunction<void()>> on_drain_;
  MoveOnlyFunction<void(const CloseReason&)> closed_;
  CloseReason close_reason_;
};

}  // namespace pocketmq::client
