// The trace: every command on the wire, one line each, with who sends it to whom. As text "fib_client -> broker
// basic.ack delivery_tag=1", as JSON {"from":"fib_client","to":"broker","command":{...}}.
#pragma once

#include <cstdint>
#include <ostream>

#include "broker/observer.hpp"

namespace pocketmq::broker {

class TraceLog final : public Observer {
 public:
  enum class Format : std::uint8_t { text, json };

  /// Writes whole lines to `to`, which must outlive it.
  TraceLog(std::ostream& to, Format format) : to_{to}, format_{format} {}

  void on_received(const Session& session, const protocol::Command& command) override;
  void on_sent(const Session& session, const protocol::Command& command) override;

 private:
  void write(std::string_view from, std::string_view to, const protocol::Command& command);

  std::ostream& to_;
  const Format format_;
};

}  // namespace pocketmq::broker
