// Begins the searches for messages' queues in a virtual host.
#pragma once

#include <cstdint>
#include <memory>

#include "broker/routing/routing.hpp"

namespace pocketmq::broker {

class Router {
 public:
  /// Both must outlive the router and its searches.
  Router(const ExchangeDirectory& directory, Context& context) : directory_{directory}, context_{context} {}

  /// Searches for the queues of a message that was published to `first`, until the budget is used up. The result is
  /// valid until the next call.
  Routing& route(Exchange& first, const Message& message) {
    if (!routing_) routing_ = std::make_unique<Routing>(directory_, context_);
    routing_->begin(first, message, ++searches_);
    if (routing_->go_on() && !may_be_enqueued_now()) routing_->restart_later();
    return *routing_;
  }

  /// Searches as `route` does, until `budget` is used up, and tells `listener` the steps. Nobody else is told, and the
  /// last search of `route` stays valid. The result must not outlive `budget` and `listener`.
  [[nodiscard]] std::unique_ptr<Routing> dry_run(Exchange& first, const Message& message, Budget& budget,
                                                 RouteListener& listener) {
    auto search = std::make_unique<Routing>(directory_, context_, budget, listener);
    search->begin(first, message, ++searches_);
    search->go_on();
    return search;
  }

  /// Returns the last search, which was not finished, so that the caller can continue it in other slices.
  [[nodiscard]] std::unique_ptr<Routing> keep() {
    routing_->keep();
    return std::move(routing_);
  }

 private:
  // If the slice is too short for enqueueing, the queues that were found have to be kept until another slice.
  [[nodiscard]] bool may_be_enqueued_now() const {
    const auto queues = routing_->queues().size();
    const auto steps = static_cast<std::int64_t>(queues * steps::for_a_queued_message);
    return steps <= context_.budget().left()
           || context_.wide_publishes().has_room_for(queues * sizeof(protocol::Ref<Queue>));
  }

  const ExchangeDirectory& directory_;
  Context& context_;
  std::uint64_t searches_{0};
  std::unique_ptr<Routing> routing_;  // the last search; its memory is used again
};

}  // namespace pocketmq::broker
