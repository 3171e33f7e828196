#include "broker/vhost/virtual_host_events.hpp"

namespace pocketmq::broker {

void VirtualHostEvents::created() const { context_.journal().tell(event::VhostCreated{.vhost = name_}); }

void VirtualHostEvents::deleted() const { context_.journal().tell(event::VhostDeleted{.vhost = name_}); }

void VirtualHostEvents::exchange_declared(const Exchange& exchange, bool created) const {
  context_.journal().tell<event::ExchangeDeclared>([&] {
    const auto& declaration = exchange.declaration();
    event::ExchangeDeclared declared{.vhost = name_,
                                     .exchange = exchange.name(),
                                     .created = created,
                                     .type = declaration.type,
                                     .durable = declaration.durable,
                                     .auto_delete = declaration.auto_delete,
                                     .internal = declaration.internal,
                                     .arguments = declaration.arguments.table(),
                                     .connection = context_.actor().connection,
                                     .channel = context_.actor().channel};
    if (const auto alternate = declaration.arguments.alternate()) declared.alternate = *alternate;
    return declared;
  });
}

void VirtualHostEvents::exchange_deleted(const Exchange& exchange, event::Gone reason) const {
  context_.journal().tell<event::ExchangeDeleted>([&] {
    return event::ExchangeDeleted{.vhost = name_,
                                  .exchange = exchange.name(),
                                  .reason = reason,
                                  .connection = context_.actor().connection,
                                  .channel = context_.actor().channel};
  });
}

void VirtualHostEvents::bound(const Binding& binding) const {
  context_.journal().tell<event::BindingCreated>([&] {
    return event::BindingCreated{.vhost = name_,
                                 .source = binding.source.name(),
                                 .destination = binding.destination.name(),
                                 .destination_is = binding.destination.target(),
                                 .routing_key = binding.routing_key,
                                 .arguments = protocol::FieldTable{binding.arguments},
                                 .connection = context_.actor().connection,
                                 .channel = context_.actor().channel};
  });
}

void VirtualHostEvents::unbound(const Binding& binding, event::Gone reason) const {
  context_.journal().tell<event::BindingDeleted>([&] {
    return event::BindingDeleted{.vhost = name_,
                                 .source = binding.source.name(),
                                 .destination = binding.destination.name(),
                                 .destination_is = binding.destination.target(),
                                 .routing_key = binding.routing_key,
                                 .arguments = protocol::FieldTable{binding.arguments},
                                 .reason = reason,
                                 .connection = context_.actor().connection,
                                 .channel = context_.actor().channel};
  });
}

void VirtualHostEvents::policy_set(const Policy& policy) const {
  context_.journal().tell<event::PolicySet>([&] {
    return event::PolicySet{.vhost = name_,
                            .policy = policy.name,
                            .pattern = policy.pattern.text(),
                            .apply_to = policy.apply_to,
                            .priority = policy.priority,
                            .settings = protocol::FieldTable{policy.settings}};
  });
}

}  // namespace pocketmq::broker
