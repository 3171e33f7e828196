// A virtual host's exchanges and bindings.

#include "broker/core/errors.hpp"
#include "broker/core/redeclaration.hpp"
#include "broker/core/room.hpp"
#include "broker/routing/default_exchange.hpp"
#include "broker/routing/exchange_types.hpp"
#include "broker/vhost/virtual_host.hpp"

namespace pocketmq::broker {

// The exchanges of AMQP 0-9-1, 3.1.3, and those that RabbitMQ adds.
void VirtualHost::predeclare_exchanges() {
  default_exchange_ = exchanges_.add("", protocol::Ref<Exchange>{new DefaultExchange{*this}}).second.get();
  events().exchange_declared(*default_exchange_, true);
  const auto predeclare = [this](const std::string& name, std::string type, bool internal = false) {
    const auto& made =
        *exchanges_
             .add(name, make_exchange({.name = name, .type = std::move(type), .durable = true, .internal = internal}))
             .second;
    events().exchange_declared(made, true);
  };
  for (const auto* type : {"direct", "fanout", "headers", "topic"}) predeclare("amq." + std::string{type}, type);
  predeclare("amq.match", "headers");
  predeclare("amq.rabbitmq.trace", "topic", true);
  predeclared_ = exchanges_.size();
}

std::string VirtualHost::describe_exchange(std::string_view exchange) const {
  return "exchange '" + std::string{exchange} + "' in vhost '" + name_ + "'";
}

Exchange* VirtualHost::find_exchange(std::string_view name) const {
  if (name.empty()) return default_exchange_;
  const auto* found = exchanges_.find(name);
  return found == nullptr ? nullptr : found->second.get();
}

Exchange& VirtualHost::require_exchange(std::string_view name) const {
  if (auto* exchange = find_exchange(name)) return *exchange;
  throw ChannelError{ReplyCode::not_found, "no " + describe_exchange(name)};
}

void VirtualHost::require_equal(const Exchange& exchange, const ExchangeDeclaration& given) const {
  const auto& current = exchange.declaration();
  const auto described = describe_exchange(exchange.name());
  require_equal_field(described, "type", given.type, current.type);
  require_equal_flag(described, "durable", given.durable, current.durable);
  require_equal_flag(described, "auto_delete", given.auto_delete, current.auto_delete);
  require_equal_flag(described, "internal", given.internal, current.internal);
  require_equal_arguments(current.arguments, given.arguments, described);
}

Exchange& VirtualHost::declare_exchange(ExchangeDeclaration declaration) {
  require_exchange_type(declaration.type);
  if (auto* exchange = find_exchange(declaration.name)) {
    require_equal(*exchange, declaration);
    events().exchange_declared(*exchange, false);
    return *exchange;
  }
  if (declaration.name.starts_with("amq."))
    throw ChannelError{ReplyCode::access_refused,
                       "exchange name '" + declaration.name + "' contains reserved prefix 'amq.*'"};
  check_arguments(declaration.arguments, describe_exchange(declaration.name));
  require_room(context_, context_.quotas().exchanges, "declare exchange '" + declaration.name + "'", "exchange",
               declaration.arguments.table());
  auto exchange = make_exchange(std::move(declaration));
  exchange->count_in(context_.quotas());
  const auto& name = exchange->name();
  exchange->apply_policy(policies_.in_force(PolicyTarget::exchange, name, &context_.budget()));
  auto& declared = *exchanges_.add(name, std::move(exchange)).second;
  events().exchange_declared(declared, true);
  return declared;
}

void VirtualHost::delete_exchange(Exchange& exchange, event::Gone reason) {
  std::vector<protocol::Ref<Exchange>> exchanges;
  exchanges.push_back(unregister(exchange, reason));
  deletions_.add({.exchanges = std::move(exchanges), .unused_sources = unused_sources_after(reason)});
}

// The exchange itself stays.
void VirtualHost::unbind_all(protocol::Ref<Exchange> exchange) {
  std::vector<protocol::Ref<Exchange>> exchanges;
  exchanges.push_back(std::move(exchange));
  deletions_.add({.exchanges = std::move(exchanges)});
}

protocol::Ref<Exchange> VirtualHost::unregister(Exchange& exchange, event::Gone reason) {
  events().exchange_deleted(exchange, reason);
  protocol::Ref<Exchange> taken{&exchange};
  exchanges_.erase(exchange.name());
  taken->close();
  return taken;
}

void VirtualHost::bind(Exchange& source, Destination& destination, std::string_view routing_key,
                       protocol::FieldTable arguments) {
  source.check_binding(arguments);
  if (const auto* added = bindings_.add(source, destination, routing_key, arguments)) events().bound(*added);
}

Binding* VirtualHost::find_binding(Exchange* source, Destination* destination, std::string_view routing_key,
                                   protocol::FieldTable arguments) const {
  if (source == nullptr || destination == nullptr) return nullptr;
  return bindings_.find(*source, *destination, routing_key, arguments);
}

void VirtualHost::unbind(Binding& binding) {
  tell_unbound(binding, event::Gone::asked);
  if (auto* source = bindings_.remove(binding)) delete_exchange(*source, event::Gone::auto_delete);
}

}  // namespace pocketmq::broker
