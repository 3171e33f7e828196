// A virtual host: the exchanges and queues that can see each other.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/exchange.hpp"
#include "broker/queue.hpp"

namespace pocketmq::broker {

class VirtualHost {
 public:
  VirtualHost(std::string name, Context& context);
  VirtualHost(const VirtualHost&) = delete;
  VirtualHost& operator=(const VirtualHost&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::size_t queue_count() const { return queues_.size(); }

  [[nodiscard]] Queue* find_queue(std::string_view name) const;
  /// The queue, or ChannelError 404.
  [[nodiscard]] Queue& require_queue(std::string_view name) const;
  /// The exchange, or ChannelError 404.
  [[nodiscard]] Exchange& require_exchange(std::string_view name) const;

  /// Makes the queue, or finds an equal one. Throws ChannelError 405 if it is exclusive to another connection, 406 if
  /// it is there with other fields.
  Queue& declare_queue(QueueDeclaration declaration);
  /// Drops what is in it and cancels its consumers; returns how many messages were ready.
  std::size_t delete_queue(Queue& queue);

  /// The queues for a message, each once, in no order. Valid until the next call.
  [[nodiscard]] const std::vector<Queue*>& route(const Exchange& exchange, std::string_view routing_key);

  /// How texts name a queue: "queue 'q' in vhost '/'".
  [[nodiscard]] std::string describe_queue(std::string_view queue) const;

 private:
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  template <class T> using ByName = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  void require_equal(const Queue& queue, const QueueDeclaration& declaration) const;
  void check_new(const QueueDeclaration& declaration) const;

  const std::string name_;
  Context& context_;
  ByName<protocol::Ref<Queue>> queues_;
  ByName<std::unique_ptr<Exchange>> exchanges_;
  std::vector<Queue*> routed_;
};

/// Throws ChannelError 405 if the queue is exclusive to another connection than `session`.
void require_access(const VirtualHost& virtual_host, const Queue& queue, const Session* session);

}  // namespace pocketmq::broker
