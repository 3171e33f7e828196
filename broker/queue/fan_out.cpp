#include "broker/queue/fan_out.hpp"

#include <utility>

#include "broker/queue/publisher.hpp"

namespace pocketmq::broker {

FanOut::FanOut(Message message, std::uint64_t publish, std::vector<protocol::Ref<Queue>> queues)
    : message_{std::move(message)}, publish_{publish}, left_{std::move(queues)} {}

std::unique_ptr<FanOut> FanOut::begin(const Message& message, std::uint64_t publish, const std::vector<Queue*>& queues,
                                      Publisher& publisher, Budget& budget) {
  for (auto next = queues.begin(); next != queues.end(); ++next) {
    if (next != queues.begin() && budget.is_used_up())
      return std::make_unique<FanOut>(message, publish, std::vector<protocol::Ref<Queue>>(next, queues.end()));
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
      publisher.accepted(publish_);
    } else {
      queue.enqueue(message_, publisher, publish_);
    }
  }
  return true;
}

}  // namespace pocketmq::broker
