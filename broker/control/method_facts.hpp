// Which way AMQP's methods go, and what they name.
#pragma once

#include <string_view>

namespace pocketmq::broker {

struct MethodWays {
  bool to_broker{false};
  bool to_client{false};
};
/// Neither way if there is no such method.
[[nodiscard]] MethodWays ways_of(std::string_view method);

/// What a rule can compare of the method. A queue may be that of the consumer or the delivery that the method names.
struct MethodFields {
  bool queue{false};
  bool exchange{false};
  bool routing_key{false};
  bool body{false};
};
[[nodiscard]] MethodFields fields_of(std::string_view method);

}  // namespace pocketmq::broker
