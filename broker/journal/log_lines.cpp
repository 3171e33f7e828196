#include "broker/journal/log_lines.hpp"

#include "broker/journal/event_text.hpp"
#include "broker/journal/ndjson.hpp"
#include "broker/journal/utc_text.hpp"
#include "protocol/base/printable.hpp"
#include "protocol/codec/json_text.hpp"
#include "protocol/codec/trace.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t name_max_bytes = 128;

std::string_view name_of(LogLevel level) {
  switch (level) {
    case LogLevel::error: return "error";
    case LogLevel::warning: return "warning";
    case LogLevel::info: return "info";
    default: return "debug";
  }
}

std::string_view cut(std::string_view name) {
  if (name.size() <= name_max_bytes) return name;
  auto end = name_max_bytes;
  while (end > 0 && (static_cast<unsigned char>(name[end]) & 0xC0U) == 0x80U) --end;
  return name.substr(0, end);
}

void append_member(std::string_view name, std::string_view value, std::string& to) {
  to += ",\"";
  to += name;
  to += "\":";
  protocol::append_json_string(protocol::printable(value), to);
}

}  // namespace

LogLines::~LogLines() {
  if (dropped_ > 0) sink_.write_last(drop_note());
}

void LogLines::say(LogLevel level, std::string_view text) { write(line_of(level, text)); }

void LogLines::say(LogLevel level, std::string_view name, std::string_view address, std::string_view text) {
  auto line = begin(name_of(level));
  if (format_ == LogFormat::json) {
    append_member("connection", cut(name), line);
    append_member("address", address, line);
    append_member("message", text, line);
    line += '}';
  } else {
    line += protocol::trace_word(cut(name));
    if (name != address) line += " (" + std::string{address} + ')';
    line += "  " + protocol::printable(text);
  }
  write(std::move(line));
}

void LogLines::trace(std::string_view from, std::string_view to, const protocol::Command& command) {
  auto line = begin("trace");
  if (format_ == LogFormat::json) {
    append_member("from", cut(from), line);
    append_member("to", cut(to), line);
    line += ",\"command\":" + protocol::trace_json(command) + '}';
  } else {
    line +=
        protocol::trace_word(cut(from)) + " -> " + protocol::trace_word(cut(to)) + "  " + protocol::trace_text(command);
  }
  write(std::move(line));
}

void LogLines::trace(std::string_view client, const Entry& event) {
  auto line = begin("trace");
  if (format_ == LogFormat::json) {
    if (!client.empty()) append_member("client", cut(client), line);
    line += ",\"event\":";
    append_ndjson(event, line);
    line.back() = '}';  // was the line's end
  } else {
    line += "broker  " + event_text(event, cut(client));
  }
  write(std::move(line));
}

std::string LogLines::begin(std::string_view level) const {
  const auto time = utc_text<std::chrono::milliseconds>(clock_());
  if (format_ == LogFormat::text) return time + ' ' + std::string{level} + ' ';
  return "{\"time\":\"" + time + "\",\"level\":\"" + std::string{level} + '"';
}

std::string LogLines::line_of(LogLevel level, std::string_view text) const {
  auto line = begin(name_of(level));
  if (format_ == LogFormat::json) {
    append_member("message", text, line);
    line += '}';
  } else {
    line += "broker  " + protocol::printable(text);
  }
  return line;
}

std::string LogLines::drop_note() const {
  const auto note = std::to_string(dropped_) + (dropped_ == 1 ? " line was" : " lines were")
                    + " dropped here: whoever reads this was too slow";
  return line_of(LogLevel::warning, note) + '\n';
}

void LogLines::write(std::string line) {
  line += '\n';
  if (dropped_ > 0) line = drop_note() + line;
  if (sink_.write(line))
    dropped_ = 0;
  else
    ++dropped_;
}

}  // namespace pocketmq::broker
