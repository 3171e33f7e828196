// Finds the queues for a message: through exchanges and bindings from exchange to exchange, and through the alternates
// of exchanges that know none.
//
// Each exchange is asked and each queue is found once, so that circles of bindings or of alternates do no harm.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace pocketmq::broker {

class Destination;
class Exchange;
class Message;
class Queue;
class VirtualHost;

class Router {
 public:
  explicit Router(const VirtualHost& virtual_host) : virtual_host_{virtual_host} {}

  /// The queues for a message that was published to `first`, each once. Valid until the next call.
  const std::vector<Queue*>& route(const Exchange& first, const Message& message);

  // What exchanges and queues say in their turn.

  /// The keys by which the message is routed: its own, and those of its CC and BCC.
  [[nodiscard]] const std::vector<std::string_view>& routing_keys() const { return routing_keys_; }
  /// The exchange knows that the message goes there.
  void reach(Destination& destination);
  void add(Queue& queue) { queues_.push_back(&queue); }
  void add(const Exchange& exchange) { exchanges_.push_back(&exchange); }

 private:
  const VirtualHost& virtual_host_;
  std::uint64_t round_{0};  // each call of route is one
  bool reached_any_{false};
  std::vector<std::string_view> routing_keys_;
  std::vector<const Exchange*> exchanges_;  // reached, in the order in which they are asked
  std::vector<Queue*> queues_;
};

}  // namespace pocketmq::broker
