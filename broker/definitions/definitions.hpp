// Definitions in RabbitMQ's own JSON format, as `rabbitmqctl export_definitions` and the management plugin's export
// write them: who may log in, and what is there before the first client comes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "broker/definitions/definition.hpp"

namespace pocketmq::broker {

class Context;
class Users;
class VirtualHosts;

/// Adds users, virtual hosts, permissions, policies, queues, exchanges and bindings to those that the broker has; users
/// that are there already are changed, queues, exchanges and bindings stay as they are. Nobody may be connected yet.
///
/// What the definitions ask for and the broker does not have is left out, and told in a line each, which begins with
/// its place: "parameters[0]: ...". Throws DefinitionsError where they contradict themselves or are no definitions; the
/// broker is then half done, and of no use.
[[nodiscard]] std::vector<std::string> load_definitions(std::string_view text, Context& context, Users& users,
                                                        VirtualHosts& virtual_hosts);

}  // namespace pocketmq::broker
