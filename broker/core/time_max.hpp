// The longest time that may be asked for.
#pragma once

#include <chrono>

namespace pocketmq::broker {

/// For a message to live, or a queue to be unused: ten years, as on RabbitMQ.
constexpr std::chrono::milliseconds time_max{315'360'000'000};

}  // namespace pocketmq::broker
