#include "broker/journal/trace_log.hpp"

#include "broker/session/session.hpp"

namespace pocketmq::broker {

void TraceLog::on_received(const Session& session, const protocol::Command& command) {
  lines_.trace(session.name(), "broker", command);
}

void TraceLog::on_sent(const Session& session, const protocol::Command& command) {
  lines_.trace("broker", session.name(), command);
}

}  // namespace pocketmq::broker
