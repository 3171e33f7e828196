// The trace: one line for each command on the wire, with its sender and its receiver, and one for each event that no
// command shows, such as a message that is requeued because its connection was lost.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "broker/core/observer.hpp"
#include "broker/events/journal.hpp"
#include "broker/journal/log_lines.hpp"

namespace pocketmq::broker {

class TraceLog final : public Observer {
 public:
  /// `lines` must outlive it.
  explicit TraceLog(LogLines& lines) : lines_{lines} {}

  /// From now on also writes the events that no command shows. Call it on the broker's thread, before the first
  /// connection.
  void follow(Journal& journal);

  void on_received(const Session& session, const protocol::Command& command) override;
  void on_sent(const Session& session, const protocol::Command& command) override;

 private:
  void hear(const Entry& entry);

  LogLines& lines_;
  std::map<std::uint64_t, std::string> clients_;  // the names of the open connections, and of the one that ended last
  std::uint64_t ended_{0};                        // the connection that ended last
  Subscription subscription_;                     // the last member, so that it ends first
};

}  // namespace pocketmq::broker
