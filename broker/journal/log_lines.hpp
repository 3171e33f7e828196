// The lines of the log and the trace, in one format. As text:
//
//     2026-11-30T10:15:02.123Z warning fib_client (127.0.0.1:49152)  closed with 404 NOT_FOUND - ...
//     2026-11-30T10:15:02.123Z trace fib_client -> broker  basic.ack delivery_tag=1
//     2026-11-30T10:15:02.123Z trace broker  message.unroutable message=3 exchange=e routing_key=k
//
// As JSON, one object in each line:
// {"time":...,"level":"warning","connection":"fib_client","address":...,"message":...} and
// {"time":...,"level":"trace","from":"fib_client","to":"broker","command":{...}} and
// {"time":...,"level":"trace","client":"fib_client","event":{...}}.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "broker/events/event.hpp"
#include "protocol/base/line_sink.hpp"
#include "protocol/vocabulary/command.hpp"

namespace pocketmq::broker {

enum class LogFormat : std::uint8_t { text, json };
enum class LogLevel : std::uint8_t { error, warning, info, debug };

/// Returns the time that people read in the log.
using WallClock = std::function<std::chrono::system_clock::time_point()>;

/// Control characters in text from peers are escaped. If the sink has no room, lines are dropped, and the next line
/// says how many.
class LogLines {
 public:
  /// `sink` must outlive it.
  LogLines(protocol::LineSink& sink, LogFormat format, WallClock clock)
      : sink_{sink}, format_{format}, clock_{std::move(clock)} {}

  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;
  /// If lines were dropped at the end, writes how many.
  ~LogLines();

  /// Writes an event of the broker as a whole.
  void say(LogLevel level, std::string_view text);
  /// Writes an event of a connection. `name` is the client's name, or the address if it has none.
  void say(LogLevel level, std::string_view name, std::string_view address, std::string_view text);
  /// Writes a command and its direction.
  void trace(std::string_view from, std::string_view to, const protocol::Command& command);
  /// Writes an event. `client` is the name of the client that it is about; empty if there is none.
  void trace(std::string_view client, const Entry& event);

 private:
  [[nodiscard]] std::string begin(std::string_view level) const;
  [[nodiscard]] std::string line_of(LogLevel level, std::string_view text) const;
  [[nodiscard]] std::string drop_note() const;
  void write(std::string line);

  protocol::LineSink& sink_;
  const LogFormat format_;
  const WallClock clock_;
  std::uint64_t dropped_{0};  // lines dropped since the last one that was written
};

}  // namespace pocketmq::broker
