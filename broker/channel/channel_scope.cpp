#include "broker/channel/channel_scope.hpp"

#include "broker/access/users.hpp"

namespace pocketmq::broker {

void ChannelScope::require_permission(Permission permission, std::string_view resource, std::string_view name) {
  auto& granted = last_granted_[static_cast<std::size_t>(permission)];  // a channel uses the same names again and again
  if (granted == name) return;
  const auto& user = connection_.user();
  if (!user.may(permission, virtual_host().name(), name, &context_.budget()))
    throw ChannelError{ReplyCode::access_refused, "access to " + std::string{resource} + " '" + std::string{name}
                                                      + "' in vhost '" + virtual_host().name() + "' refused for user '"
                                                      + user.name + "'"};
  granted = name;
}

void ChannelScope::require_queue_permission(Permission permission, std::string_view queue) {
  require_permission(permission, "queue", queue);
}

void ChannelScope::require_exchange_permission(Permission permission, std::string_view exchange) {
  require_permission(permission, "exchange", exchange.empty() ? "amq.default" : exchange);
}

std::string_view ChannelScope::resolve_queue_name(std::string_view queue) const {
  if (queue.empty() && last_declared_.empty()) throw ChannelError{ReplyCode::not_found, "no previously declared queue"};
  return queue.empty() ? last_declared_ : queue;
}

Queue& ChannelScope::require_accessible_queue(std::string_view name, Permission permission) {
  const auto meant = resolve_queue_name(name);
  require_queue_permission(permission, meant);
  auto& found = virtual_host().require_queue(meant);
  require_access(virtual_host(), found, connection_.number());
  return found;
}

}  // namespace pocketmq::broker
