// The longest time that a client may set.
#pragma once

#include <chrono>

namespace pocketmq::broker {

/// For a message's time to live and a queue's `x-expires`: ten years, as on RabbitMQ.
constexpr std::chrono::milliseconds time_max{315'360'000'000};

}  // namespace pocketmq::broker
