// The lines of the log and of the trace, in one format. As text:
//
//     2026-11-30T10:15:02.123Z warning fib_client (127.0.0.1:49152)  closed with 404 NOT_FOUND - ...
//     2026-11-30T10:15:02.123Z trace fib_client -> broker  basic.ack delivery_tag=1
//
// and as JSON, an object a line: {"time":...,"level":"warning","connection":"fib_client","address":...,"message":...}
// and {"time":...,"level":"trace","from":"fib_client","to":"broker","command":{...}}.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/base/line_sink.hpp"
#include "protocol/vocabulary/command.hpp"

namespace pocketmq::broker {

enum class LogFormat : std::uint8_t { text, json };
enum class LogLevel : std::uint8_t { error, warning, info, debug };

/// Says what time it is, for people.
using WallClock = std::function<std::chrono::system_clock::time_point()>;

/// What peers have sent stands in the lines without control characters. Where the sink has no room lines are dropped,
/// and the next line that is written says how many.
class LogLines {
 public:
  /// `sink` must outlive it.
  LogLines(protocol::LineSink& sink, LogFormat format, WallClock clock = std::chrono::system_clock::now)
      : sink_{sink}, format_{format}, clock_{std::move(clock)} {}

  LogLines(const LogLines&) = delete;
  LogLines& operator=(const LogLines&) = delete;
  /// Says what was dropped at the end.
  ~LogLines();

  /// Something that happened to the broker as a whole.
  void say(LogLevel level, std::string_view text);
  /// Something that happened to a connection: its client's name, which may be its address, and its address.
  void say(LogLevel level, std::string_view name, std::string_view address, std::string_view text);
  /// A command on its way.
  void trace(std::string_view from, std::string_view to, const protocol::Command& command);

 private:
  [[nodiscard]] std::string begin(std::string_view level) const;
  [[nodiscard]] std::string line_of(LogLevel level, std::string_view text) const;
  [[nodiscard]] std::string drop_note() const;
  void write(std::string line);

  protocol::LineSink& sink_;
  const LogFormat format_;
  const WallClock clock_;
  std::uint64_t dropped_{0};  // lines, since one was written
};

}  // namespace pocketmq::broker
