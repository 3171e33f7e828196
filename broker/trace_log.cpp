#include "broker/trace_log.hpp"

#include <string>

#include "broker/session.hpp"
#include "protocol/trace.hpp"

namespace pocketmq::broker {

void TraceLog::on_received(const Session& session, const protocol::Command& command) {
  write(session.name(), "broker", command);
}

void TraceLog::on_sent(const Session& session, const protocol::Command& command) {
  write("broker", session.name(), command);
}

void TraceLog::write(std::string_view from, std::string_view to, const protocol::Command& command) {
  std::string line = format_ == Format::json ? protocol::trace_json(command) : protocol::trace_text(command);
  line.insert(0, std::string{from} + " -> " + std::string{to} + "  ");
  line += '\n';
  to_ << line << std::flush;
}

}  // namespace pocketmq::broker
