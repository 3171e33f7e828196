#include "broker/trace_log.hpp"

#include <string>

#include "broker/session.hpp"
#include "protocol/json_text.hpp"
#include "protocol/trace.hpp"

namespace pocketmq::broker {

void TraceLog::on_received(const Session& session, const protocol::Command& command) {
  write(session.name(), "broker", command);
}

void TraceLog::on_sent(const Session& session, const protocol::Command& command) {
  write("broker", session.name(), command);
}

void TraceLog::write(std::string_view from, std::string_view to, const protocol::Command& command) {
  std::string line;
  if (format_ == Format::json) {
    line = "{\"from\":";
    protocol::append_json_string(from, line);
    line += ",\"to\":";
    protocol::append_json_string(to, line);
    line += ",\"command\":" + protocol::trace_json(command) + "}";
  } else {
    line = protocol::trace_word(from) + " -> " + protocol::trace_word(to) + "  " + protocol::trace_text(command);
  }
  line += '\n';
  to_ << line << std::flush;
}

}  // namespace pocketmq::broker
