// What connection.start tells a client about the broker.
#pragma once

#include <string>

#include "broker/core/options.hpp"

namespace pocketmq::broker {

/// The server-properties, an encoded field table (AMQP 0-9-1, 1.4.2.1): the broker's name and version, and RabbitMQ's
/// capabilities.
[[nodiscard]] std::string server_properties(const Options& options);

}  // namespace pocketmq::broker
