#include "broker/session/server_properties.hpp"

#include "protocol/base/version.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

std::string server_properties(const Options& options) {
  protocol::FieldTableWriter capabilities;
  for (const auto* capability : {"publisher_confirms", "exchange_exchange_bindings", "basic.nack",
                                 "consumer_cancel_notify", "connection.blocked", "consumer_priorities",
                                 "authentication_failure_close", "per_consumer_qos", "direct_reply_to"})
    capabilities.boolean(capability, true);
  protocol::FieldTableWriter properties;
  properties.table("capabilities", capabilities.table())
      .string("information",
              "PocketMQ " + std::string{protocol::pocketmq_version} + ", a broker that imitates RabbitMQ")
      .string("platform", "PocketMQ " + std::string{protocol::pocketmq_version})
      .string("product", options.product)
      .string("version", options.product_version);
  return std::string{properties.table().encoded()};
}

}  // namespace pocketmq::broker
