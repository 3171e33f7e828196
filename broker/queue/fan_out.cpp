#include "broker/queue/fan_out.hpp"

#include <utility>

#include "broker/queue/publisher.hpp"

namespace pocketmq::broker {

FanOut::FanOut(Message message, std::uint64_t publish, std::vector<protocol::Ref<Queue>> queues,
               WidePublishes::Share share)
    : message_{std::move(message)}, publish_{publish}, left_{std::move(queues)}, share_{std::move(share)} {
  share_.set_bytes(sizeof(FanOut) + left_.capacity() * sizeof(protocol::Ref<Queue>));
}

std::unique_ptr<FanOut> FanOut::begin(const Message& message, std::uint64_t publish, const std::vector<Queue*>& queues,
                                      Publisher& publisher, Context& context) {
  for (auto next = queues.begin(); next != queues.end(); ++next) {
    if (next != queues.begin() && context.budget().is_used_up())
      return std::make_unique<FanOut>(message, publish, std::vector<protocol::Ref<Queue>>(next, queues.end()),
                                      WidePublishes::Share{context.wide_publishes()});
    (*next)->enqueue(message, publisher, publish);
  }
  return nullptr;
}

bool FanOut::go_on(Publisher& publisher, Budget& budget) {
  for (; !left_.empty(); left_.pop_back()) {
    if (budget.is_used_up()) return false;
    auto& queue = *left_.back();
    if (queue.deleted()) {
      budget.use(steps::for_a_binding);
      queue.events().dropped(message_, event::Stage::enter, event::Dropped::queue_deleted);
      publisher.accepted(publish_);
    } else {
      queue.enqueue(message_, publisher, publish_);
    }
  }
  return true;
}

}  // namespace pocketmq::broker
