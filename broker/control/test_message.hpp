// A message that a test publishes without a client of its own.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/json_object.hpp"
#include "protocol/vocabulary/limits.hpp"

namespace pocketmq::broker {

class Broker;

struct TestMessage {
  std::string exchange{};
  std::string routing_key{};
  std::string properties{};  // encoded (protocol/vocabulary/properties.hpp)
  std::string body{};
};

/// Reads the members "exchange", "routing_key", "body" or "json", "properties" and "headers" of a request. "json" is a
/// body written as JSON; its content type is application/json. Throws JsonObjectError.
[[nodiscard]] TestMessage test_message_in(JsonObject& request, const protocol::Limits& limits);

struct Published {
  std::uint64_t message{0};  // its number in the journal; 0 if nobody listens
  /// The names of the queues that it goes to, in no particular order. Empty if the search for them takes several turns.
  std::vector<std::string> queues{};
};

/// Publishes the message to a virtual host as a client would. The journal shows connection 0 as its publisher. Throws
/// ControlError: `unknown` if there is no such virtual host or exchange, `bad` for properties that the broker refuses,
/// `conflict` while memory is exhausted.
Published publish(Broker& broker, std::string_view virtual_host, const TestMessage& message);

}  // namespace pocketmq::broker
