// Begins the searches for messages' queues in a virtual host.
#pragma once

#include <cstdint>
#include <memory>

#include "broker/routing/routing.hpp"

namespace pocketmq::broker {

class Router {
 public:
  /// Both outlive it, and its searches.
  Router(const ExchangeDirectory& directory, Budget& budget) : directory_{directory}, budget_{budget} {}

  /// Searches for the queues of a message that was published to `first`, as far as the budget goes. Valid until the
  /// next call.
  Routing& route(Exchange& first, const Message& message) {
    if (!routing_) routing_ = std::make_unique<Routing>(directory_, budget_);
    routing_->begin(first, message, ++rounds_);
    routing_->go_on();
    return *routing_;
  }

  /// That search, which was not finished, to go on with it in other slices.
  [[nodiscard]] std::unique_ptr<Routing> keep() {
    routing_->keep();
    return std::move(routing_);
  }

 private:
  const ExchangeDirectory& directory_;
  Budget& budget_;
  std::uint64_t rounds_{0};
  std::unique_ptr<Routing> routing_;  // the latest; used again for its memory
};

}  // namespace pocketmq::broker
