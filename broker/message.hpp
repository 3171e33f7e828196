// A message: names, properties and body in one counted block, immutable. Queues and unacked deliveries share it.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "protocol/command.hpp"

namespace pocketmq::broker {

class Message {
 public:
  Message() = default;
  /// Copies the names, the properties and the body; a body that has a block to itself stays where it is.
  Message(std::string_view exchange, std::string_view routing_key, protocol::Content content,
          std::optional<std::chrono::milliseconds> time_to_live);

  [[nodiscard]] std::string_view exchange() const;
  [[nodiscard]] std::string_view routing_key() const;
  [[nodiscard]] protocol::Properties properties() const;
  [[nodiscard]] std::string_view body() const;
  /// The publisher's `expiration`; far from the clock's end.
  [[nodiscard]] std::optional<std::chrono::milliseconds> time_to_live() const;
  /// Properties and body, as a delivery carries them: views into the message.
  [[nodiscard]] protocol::Content content() const;

 private:
  struct Layout;
  [[nodiscard]] const Layout& layout() const;
  [[nodiscard]] const char* names() const;

  // The layout; exchange, routing key and properties behind it; at its offset, the body.
  protocol::Ref<protocol::Block> block_;
};

}  // namespace pocketmq::broker
