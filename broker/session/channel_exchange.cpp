// What a channel asks of exchanges and bindings.

#include <algorithm>

#include "broker/routing/exchange_types.hpp"
#include "broker/session/channel.hpp"

namespace pocketmq::broker {

namespace exchange = protocol::exchange;
namespace queue = protocol::queue;

namespace {

void refuse_default_exchange(std::string_view name) {
  if (name.empty()) throw ChannelError{ReplyCode::access_refused, "operation not permitted on the default exchange"};
}

// Long arguments take more than the short slice that is left for each once a turn's budget is used up: they wait for a
// longer one, so that a turn is not as long as there are connections with such commands. Throws Unfinished.
void await_slice_for(protocol::FieldTable arguments, const Budget& budget) {
  constexpr std::size_t few = 1'000, many = 10'000;
  const auto steps = steps::for_sorting(arguments.encoded().size());
  if (steps > few && budget.left() < static_cast<std::int64_t>(std::min(steps, many))) throw Unfinished{};
}

}  // namespace

void Channel::handle(const exchange::Declare& m) {
  const std::string_view name{m.exchange};
  if (!m.passive) require_exchange_type(m.type);
  refuse_default_exchange(name);
  if (m.passive) {
    (void)virtual_host().require_exchange(name);
    return reply(m, exchange::DeclareOk{});
  }
  require_exchange_permission(Permission::configure, name);
  const ExchangeArguments arguments{m.arguments};
  const auto alternate = arguments.alternate();
  if (alternate && virtual_host().find_exchange(name) == nullptr) {
    require_exchange_permission(Permission::read, name);
    require_exchange_permission(Permission::write, *alternate);
  }
  virtual_host().declare_exchange({.name = std::string{name},
                                   .type = std::string{m.type},
                                   .durable = m.durable,
                                   .auto_delete = m.auto_delete,
                                   .internal = m.internal,
                                   .arguments = arguments});
  reply(m, exchange::DeclareOk{});
}

void Channel::handle(const exchange::Delete& m) {
  const std::string_view name{m.exchange};
  refuse_default_exchange(name);
  const auto described = virtual_host().describe_exchange(name);
  if (name.starts_with("amq."))
    throw ChannelError{ReplyCode::access_refused, "deletion of system " + described + " not allowed"};
  require_exchange_permission(Permission::configure, name);
  if (auto* found = virtual_host().find_exchange(name)) {
    if (m.if_unused && found->in_use(context_.budget()))
      throw ChannelError{ReplyCode::precondition_failed, described + " in use"};
    virtual_host().delete_exchange(*found);
  }
  reply(m, exchange::DeleteOk{});
}

void Channel::handle(const exchange::Bind& m) {
  await_slice_for(m.arguments, context_.budget());
  const std::string_view from{m.source}, to{m.destination};
  require_may_bind_exchanges(from, to);
  auto& source = virtual_host().require_exchange(from);
  auto& destination = virtual_host().require_exchange(to);
  virtual_host().bind(source, destination, m.routing_key, m.arguments);
  reply(m, exchange::BindOk{});
}

void Channel::handle(const exchange::Unbind& m) {
  await_slice_for(m.arguments, context_.budget());
  const std::string_view from{m.source}, to{m.destination};
  require_may_bind_exchanges(from, to);
  auto* binding = virtual_host().find_binding(virtual_host().find_exchange(from), virtual_host().find_exchange(to),
                                              m.routing_key, m.arguments);
  if (binding != nullptr) virtual_host().unbind(*binding);
  reply(m, exchange::UnbindOk{});
}

void Channel::require_may_bind_exchanges(std::string_view source, std::string_view destination) {
  require_exchange_permission(Permission::write, destination);
  refuse_default_exchange(destination);
  refuse_default_exchange(source);
  require_exchange_permission(Permission::read, source);
}

void Channel::handle(const queue::Bind& m) {
  await_slice_for(m.arguments, context_.budget());
  const std::string_view from{m.exchange};
  const auto to = name_meant(m.queue);
  require_may_bind_queue(from, to);
  auto& source = virtual_host().require_exchange(from);
  auto& bound = virtual_host().require_queue(to);
  require_access(virtual_host(), bound, session_.number());
  virtual_host().bind(source, bound, key_meant(m.queue, m.routing_key), m.arguments);
  reply(m, queue::BindOk{});
}

void Channel::handle(const queue::Unbind& m) {
  await_slice_for(m.arguments, context_.budget());
  const std::string_view from{m.exchange};
  const auto to = name_meant(m.queue);
  require_may_bind_queue(from, to);
  auto* bound = virtual_host().find_queue(to);
  auto* binding = virtual_host().find_binding(virtual_host().find_exchange(from), bound,
                                              key_meant(m.queue, m.routing_key), m.arguments);
  if (binding != nullptr) {
    require_access(virtual_host(), *bound, session_.number());
    virtual_host().unbind(*binding);
  }
  reply(m, queue::UnbindOk{});
}

void Channel::require_may_bind_queue(std::string_view source, std::string_view queue) {
  require_queue_permission(Permission::write, queue);
  refuse_default_exchange(source);
  require_exchange_permission(Permission::read, source);
}

// Where neither queue nor key is named, the key is the name of the queue that is meant.
std::string_view Channel::key_meant(std::string_view queue, std::string_view routing_key) const {
  return queue.empty() && routing_key.empty() ? name_meant(queue) : routing_key;
}

}  // namespace pocketmq::broker
