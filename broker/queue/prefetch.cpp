#include "broker/queue/prefetch.hpp"

#include "broker/queue/consumer.hpp"

namespace pocketmq::broker {

void Prefetch::release() {
  --unacked_;
  if (consumer_ != nullptr) consumer_->prefetch_was_released();
}

}  // namespace pocketmq::broker
