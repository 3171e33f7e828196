// The trace: one line for each command on the wire, with its sender and its receiver.
#pragma once

#include "broker/core/observer.hpp"
#include "broker/journal/log_lines.hpp"

namespace pocketmq::broker {

class TraceLog final : public Observer {
 public:
  /// `lines` must outlive it.
  explicit TraceLog(LogLines& lines) : lines_{lines} {}

  void on_received(const Session& session, const protocol::Command& command) override;
  void on_sent(const Session& session, const protocol::Command& command) override;

 private:
  LogLines& lines_;
};

}  // namespace pocketmq::broker
