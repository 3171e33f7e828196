#include "broker/fan_out.hpp"

#include <algorithm>
#include <utility>

#include "broker/publisher.hpp"

namespace pocketmq::broker {

FanOut::FanOut(Message message, std::uint64_t publish, const std::vector<Queue*>& queues)
    : message_{std::move(message)}, publish_{publish}, queues_{queues.begin(), queues.end()} {}

bool FanOut::go_on(Publisher& publisher) {
  for (const auto end = std::min(queues_.size(), next_ + slice_max); next_ < end; ++next_) {
    auto& queue = *queues_[next_];
    if (queue.deleted())
      publisher.accepted(publish_);
    else
      queue.enqueue(message_, publisher, publish_);
  }
  return next_ == queues_.size();
}

}  // namespace pocketmq::broker
