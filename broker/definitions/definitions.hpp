// Definitions in RabbitMQ's JSON format, as `rabbitmqctl export_definitions` and the management plugin export them:
// users, and the objects that exist before the first client connects.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pocketmq::broker {

class Context;
class Users;
class VirtualHosts;

/// Definitions that cannot be loaded. The text says where, why, and what to do: "queues[3].durable: wants true or
/// false, got a string".
class DefinitionsError final : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// Adds users, virtual hosts, permissions, policies, queues, exchanges and bindings to those of the broker. Existing
/// users are changed; existing queues, exchanges and bindings stay as they are. No client may be connected yet.
///
/// Returns a warning for each part of the definitions that the broker does not support and therefore skips. A warning
/// begins with the path: "parameters[0]: ...". Throws DefinitionsError if the text is not valid definitions or
/// contradicts itself. The broker is then incomplete and must not be used.
[[nodiscard]] std::vector<std::string> load_definitions(std::string_view text, Context& context, Users& users,
                                                        VirtualHosts& virtual_hosts);

}  // namespace pocketmq::broker
