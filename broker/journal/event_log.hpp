// The log: one line for each event of the broker and its connections.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <unordered_set>

#include "broker/core/deadline_heap.hpp"
#include "broker/core/observer.hpp"
#include "broker/journal/log_lines.hpp"

namespace pocketmq::broker {

/// Clients cannot fill a disk with it, except at level debug: of all other lines that clients cause, at most
/// `lines_max` are written in each `lines_window`. Then one line says how many were left out.
class EventLog final : public ConnectionObserver {
 public:
  static constexpr unsigned lines_max = 100;
  static constexpr std::chrono::seconds lines_window{10};

  /// Writes events of that level and more urgent ones. `lines` must outlive the log.
  EventLog(LogLines& lines, LogLevel level) : lines_{lines}, level_{level} {}

  /// Writes a line for the owner of the broker.
  void say(LogLevel level, std::string_view text);

  void on_connected(const Session& session) override;
  void on_disconnected(const Session& session) override;
  void on_refused(const Session& session, std::uint16_t channel, protocol::ReplyCode code,
                  std::string_view text) override;
  void on_garbage(const Session& session, std::string_view begin) override;
  void on_lost(const Session& session, std::string_view why, const Holdings& left) override;
  void on_blocked(const Session& session) override;
  void on_unblocked(const Session& session) override;
  void on_accept_failed(Context& context, std::error_code error) override;

 private:
  void say(const Session& session, LogLevel level, std::string_view text);
  void log_limits_reached(Context& context);
  void note_unblocked(const Session& session);
  [[nodiscard]] bool has_room_for_line(const Context& context);
  /// Whether `what` was not logged in the last minute. Then it counts as logged now.
  [[nodiscard]] bool is_first_in_a_minute(const Context& context, std::string_view what);

  LogLines& lines_;
  const LogLevel level_;
  TimePoint window_ends_{};
  unsigned written_{0};  // in the current window
  std::uint64_t left_out_{0};
  std::map<std::string_view, TimePoint>
      last_logged_;                              // when each event that is logged at most once a minute was last logged
  std::unordered_set<std::uint64_t> blocked_{};  // numbers of sessions
  TimePoint blocked_since_{};
};

}  // namespace pocketmq::broker
