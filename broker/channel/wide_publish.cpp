#include "broker/channel/wide_publish.hpp"

#include <utility>

namespace pocketmq::broker {
namespace {

// The queues of a message that was dropped after the search. Releasing very many references takes long.
class UnusedQueues final : public Backlog::Item {
 public:
  UnusedQueues(Context& context, std::vector<protocol::Ref<Queue>> queues, WidePublishes::Share share)
      : Item{context.backlog()}, queues_{std::move(queues)}, share_{std::move(share)} {}

  bool go_on() override {
    for (; !queues_.empty(); queues_.pop_back()) {
      if (budget().is_used_up()) return false;
      budget().use(steps::for_a_binding);
    }
    return true;
  }

 private:
  std::vector<protocol::Ref<Queue>> queues_;
  const WidePublishes::Share share_;
};

}  // namespace

WidePublish::WidePublish(Context& context, Owner& owner, std::unique_ptr<Routing> routing, bool mandatory)
    : Item{context.backlog()}, context_{context}, owner_{&owner}, mandatory_{mandatory}, routing_{std::move(routing)} {}

WidePublish::WidePublish(Context& context, Owner& owner, std::unique_ptr<FanOut> fan_out)
    : Item{context.backlog()}, context_{context}, owner_{&owner}, fan_out_{std::move(fan_out)} {}

bool WidePublish::go_on() {
  if (routing_ && !finish_search()) return false;
  return !fan_out_ || fan_out_->go_on(*this, budget());
}

// Continues the search. Returns whether it is finished.
bool WidePublish::finish_search() {
  if (!routing_->go_on()) return false;
  const auto routing = std::move(routing_);
  const auto& message = routing->message();
  if (context_.memory().is_exhausted()) {  // others have used it up since the publish came
    drop_at_publish(context_, routing->virtual_host_name(), message, event::Dropped::no_memory);
    drop_queues(*routing);
    if (owner_ != nullptr) owner_->on_memory_exhausted();
    return true;
  }
  auto queues = routing->take_queues();
  std::uint64_t publish = 0;
  if (owner_ != nullptr) {
    publish = owner_->on_routed(message, queues, routing->record(), mandatory_);
  } else {
    context_.tell(&Observer::on_routed, message, queues.size());
    tell_route(context_, routing->virtual_host_name(), message, RoutedTo::of(queues, context_), routing->record());
    if (queues.empty()) drop_at_publish(context_, routing->virtual_host_name(), message, event::Dropped::unroutable);
  }
  if (!queues.empty()) fan_out_ = std::make_unique<FanOut>(message, publish, std::move(queues), routing->take_share());
  return true;
}

void WidePublish::drop_queues(Routing& routing) {
  context_.backlog().carry_out(std::make_unique<UnusedQueues>(context_, routing.take_queues(), routing.take_share()));
}

void WidePublish::drop() {
  drop_at_publish(context_, routing_->virtual_host_name(), routing_->message(), event::Dropped::rolled_back);
}

void WidePublish::accepted(std::uint64_t publish) {
  if (owner_ != nullptr) owner_->accepted(publish);
}

void WidePublish::refused(std::uint64_t publish) {
  if (owner_ != nullptr) owner_->refused(publish);
}

}  // namespace pocketmq::broker
