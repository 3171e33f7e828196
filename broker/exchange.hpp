// An exchange: decides which queues a message goes to.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace pocketmq::broker {

class Queue;
class VirtualHost;

class Exchange {
 public:
  explicit Exchange(std::string name) : name_{std::move(name)} {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange() = default;

  [[nodiscard]] const std::string& name() const { return name_; }

  /// Appends the queues for that routing key to `into`, each once.
  virtual void route(std::string_view routing_key, std::vector<Queue*>& into) const = 0;

 private:
  const std::string name_;
};

/// The exchange with no name: each queue is bound to it by the queue's own name (AMQP 0-9-1, 3.1.3.1).
class DefaultExchange final : public Exchange {
 public:
  explicit DefaultExchange(const VirtualHost& virtual_host) : Exchange{""}, virtual_host_{virtual_host} {}

  void route(std::string_view routing_key, std::vector<Queue*>& into) const override;

 private:
  const VirtualHost& virtual_host_;
};

}  // namespace pocketmq::broker
