#include "broker/channel/channel_exchanges.hpp"

#include "broker/channel/binding_checks.hpp"
#include "broker/routing/exchange_types.hpp"

namespace pocketmq::broker {

namespace exchange = protocol::exchange;

void ChannelExchanges::declare(const exchange::Declare& m) {
  auto& virtual_host = scope_.virtual_host();
  const std::string_view name{m.exchange};
  if (!m.passive) require_exchange_type(m.type);
  refuse_default_exchange(name);
  if (m.passive) {
    (void)virtual_host.require_exchange(name);
    return scope_.reply(m, exchange::DeclareOk{});
  }
  scope_.require_exchange_permission(Permission::configure, name);
  const ExchangeArguments arguments{m.arguments};
  const auto alternate = arguments.alternate();
  if (alternate && virtual_host.find_exchange(name) == nullptr) {
    scope_.require_exchange_permission(Permission::read, name);
    scope_.require_exchange_permission(Permission::write, *alternate);
  }
  virtual_host.declare_exchange({.name = std::string{name},
                                 .type = std::string{m.type},
                                 .durable = m.durable,
                                 .auto_delete = m.auto_delete,
                                 .internal = m.internal,
                                 .arguments = arguments});
  scope_.reply(m, exchange::DeclareOk{});
}

void ChannelExchanges::bind(const exchange::Bind& m) {
  await_slice_for(m.arguments, scope_.context().budget());
  auto& virtual_host = scope_.virtual_host();
  require_may_bind(m.source, m.destination);
  auto& source = virtual_host.require_exchange(m.source);
  auto& destination = virtual_host.require_exchange(m.destination);
  virtual_host.bind(source, destination, m.routing_key, m.arguments);
  scope_.reply(m, exchange::BindOk{});
}

void ChannelExchanges::unbind(const exchange::Unbind& m) {
  await_slice_for(m.arguments, scope_.context().budget());
  auto& virtual_host = scope_.virtual_host();
  require_may_bind(m.source, m.destination);
  auto* binding = virtual_host.find_binding(virtual_host.find_exchange(m.source),
                                            virtual_host.find_exchange(m.destination), m.routing_key, m.arguments);
  if (binding != nullptr) virtual_host.unbind(*binding);
  scope_.reply(m, exchange::UnbindOk{});
}

void ChannelExchanges::require_may_bind(std::string_view source, std::string_view destination) {
  scope_.require_exchange_permission(Permission::write, destination);
  refuse_default_exchange(destination);
  refuse_default_exchange(source);
  scope_.require_exchange_permission(Permission::read, source);
}

void ChannelExchanges::remove(const exchange::Delete& m) {
  auto& virtual_host = scope_.virtual_host();
  const std::string_view name{m.exchange};
  refuse_default_exchange(name);
  const auto described = virtual_host.describe_exchange(name);
  if (name.starts_with("amq."))
    throw ChannelError{ReplyCode::access_refused, "deletion of system " + described + " not allowed"};
  scope_.require_exchange_permission(Permission::configure, name);
  if (auto* found = virtual_host.find_exchange(name)) {
    if (m.if_unused && found->in_use(scope_.context().budget()))
      throw ChannelError{ReplyCode::precondition_failed, described + " in use"};
    virtual_host.delete_exchange(*found, event::Gone::asked);
  }
  scope_.reply(m, exchange::DeleteOk{});
}

}  // namespace pocketmq::broker
