// A topic exchange routes a message to each binding whose pattern matches the routing key (AMQP 0-9-1, 3.1.3.3).
#pragma once

#include "broker/routing/exchange.hpp"
#include "broker/routing/topic_trie.hpp"

namespace pocketmq::broker {

class TopicExchange final : public Exchange {
 public:
  using Exchange::Exchange;

  [[nodiscard]] bool route(const Message& message, Routing& routing) const override;

 private:
  void add(Binding& binding, Budget& budget) override { patterns_.add(binding, budget); }
  void remove(Binding& binding, Budget& budget) override { patterns_.remove(binding, budget); }
  [[nodiscard]] std::size_t index_bytes() const override { return node_bytes * patterns_.size(); }

  static constexpr std::size_t node_bytes = 288;  // with its word and its table entry

  TopicTrie patterns_;
};

}  // namespace pocketmq::broker
