// What carries messages: AMQP or NATS, behind one face, so that the same load is laid on both.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "tests/bench/load/connection.hpp"

namespace pocketmq::bench {

/// A message that has come; views, until the handler returns.
struct Arrived {
  std::string_view reply_to;
  std::uint64_t id;  // of a call; 0 where there is none
  std::uint64_t delivery_tag;
  std::string_view body;
};

enum class Acks : std::uint8_t { none, each };

class Carrier {
 public:
  virtual ~Carrier() = default;

  virtual Connection& connection() = 0;

  /// From now on messages to that name come here, of those that are to be acked 200 at most at a time.
  virtual void receive_at(std::string_view name, Acks acks) = 0;
  virtual void publish(std::string_view to, std::string_view body) = 0;
  /// A message whose reply is to come to that name, with the id.
  virtual void request(std::string_view to, std::string_view reply_to, std::uint64_t id, std::string_view body) = 0;
  virtual void reply(const Arrived& request, std::string_view body) = 0;
  virtual void ack(const Arrived& message) = 0;

  std::function<void(const Arrived&)> on_message;
};

/// `protocol` is "amqp" or "nats".
[[nodiscard]] std::unique_ptr<Carrier> connect(std::string_view protocol, std::uint16_t port);

}  // namespace pocketmq::bench
