// What the broker tells a client of itself in connection.start.
#pragma once

#include <string>

#include "broker/core/options.hpp"

namespace pocketmq::broker {

/// The server-properties, an encoded field table (AMQP 0-9-1, 1.4.2.1): who it is, and RabbitMQ's capabilities.
[[nodiscard]] std::string server_properties(const Options& options);

}  // namespace pocketmq::broker
