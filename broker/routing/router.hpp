// Begins the searches for messages' queues in a virtual host.
#pragma once

#include <cstdint>
#include <memory>

#include "broker/routing/routing.hpp"

namespace pocketmq::broker {

class Router {
 public:
  /// Both outlive it, and its searches.
  Router(const ExchangeDirectory& directory, Context& context) : directory_{directory}, context_{context} {}

  /// Searches for the queues of a message that was published to `first`, as far as the budget goes. Valid until the
  /// next call.
  Routing& route(Exchange& first, const Message& message) {
    if (!routing_) routing_ = std::make_unique<Routing>(directory_, context_);
    routing_->begin(first, message, ++rounds_);
    if (routing_->go_on() && !may_be_handed_over()) routing_->put_off();
    return *routing_;
  }

  /// That search, which was not finished, to go on with it in other slices.
  [[nodiscard]] std::unique_ptr<Routing> keep() {
    routing_->keep();
    return std::move(routing_);
  }

 private:
  // What the slice is too short for would be held until another one.
  [[nodiscard]] bool may_be_handed_over() const {
    const auto queues = routing_->queues().size();
    const auto steps = static_cast<std::int64_t>(queues * steps::for_a_queued_message);
    return steps <= context_.budget().left()
           || context_.wide_publishes().have_room_for(queues * sizeof(protocol::Ref<Queue>));
  }

  const ExchangeDirectory& directory_;
  Context& context_;
  std::uint64_t rounds_{0};
  std::unique_ptr<Routing> routing_;  // the latest; used again for its memory
};

}  // namespace pocketmq::broker
