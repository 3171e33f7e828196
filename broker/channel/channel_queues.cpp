#include "broker/channel/channel_queues.hpp"

#include "broker/channel/binding_checks.hpp"
#include "broker/routing/exchange_types.hpp"

namespace pocketmq::broker {

namespace queue = protocol::queue;

void ChannelQueues::declare(const queue::Declare& m) {
  if (m.queue.starts_with(direct_reply_queue)) return replies_.declare(m);
  auto& declared = declare_named(m);
  if (!m.no_wait) declared.mark_used();
  scope_.set_last_declared(declared.name());
  scope_.reply(m, queue::DeclareOk{.queue = declared.name(),
                                   .message_count = static_cast<std::uint32_t>(declared.ready()),
                                   .consumer_count = static_cast<std::uint32_t>(declared.consumers())});
}

Queue& ChannelQueues::declare_named(const queue::Declare& m) {
  auto& virtual_host = scope_.virtual_host();
  if (m.passive) {
    auto& there = virtual_host.require_queue(m.queue);
    require_access(virtual_host, there, scope_.connection().number());
    return there;
  }
  auto name = name_for_new(m);
  scope_.require_queue_permission(Permission::configure, name);
  const bool is_new = virtual_host.find_queue(name) == nullptr;
  if (is_new) require_dead_letter_permissions(m, name);
  auto& declared = virtual_host.declare_queue({.name = std::move(name),
                                               .durable = m.durable,
                                               .auto_delete = m.auto_delete,
                                               .owner = m.exclusive ? scope_.connection().number() : 0,
                                               .arguments = QueueArguments{m.arguments}});
  if (m.exclusive && is_new) scope_.connection().own(declared);
  return declared;
}

// Returns the name that the client gave, or a new name that no queue has.
std::string ChannelQueues::name_for_new(const queue::Declare& m) const {
  if (m.queue.starts_with("amq."))
    throw ChannelError{ReplyCode::access_refused,
                       "queue name '" + std::string{m.queue} + "' contains reserved prefix 'amq.*'"};
  if (!m.queue.empty()) return std::string{m.queue};
  if (queue_type(m.arguments) == QueueType::quorum)
    throw ChannelError{ReplyCode::precondition_failed,
                       "Cannot declare a server-named queue for type rabbit_quorum_queue"};
  return scope_.context().unique_name("amq.gen-");
}

// Dead-lettering reads from the queue and writes to the dead letter exchange. So the user needs both permissions.
void ChannelQueues::require_dead_letter_permissions(const queue::Declare& m, std::string_view queue) {
  const auto exchange = m.arguments.find("x-dead-letter-exchange");
  if (!exchange || !exchange->string()) return;
  scope_.require_queue_permission(Permission::read, queue);
  scope_.require_exchange_permission(Permission::write, *exchange->string());
}

void ChannelQueues::bind(const queue::Bind& m) {
  await_slice_for(m.arguments, scope_.context().budget());
  auto& virtual_host = scope_.virtual_host();
  const auto to = scope_.resolve_queue_name(m.queue);
  require_may_bind(m.exchange, to);
  auto& source = virtual_host.require_exchange(m.exchange);
  auto& bound = virtual_host.require_queue(to);
  require_access(virtual_host, bound, scope_.connection().number());
  virtual_host.bind(source, bound, resolve_routing_key(m.queue, m.routing_key), m.arguments);
  scope_.reply(m, queue::BindOk{});
}

void ChannelQueues::unbind(const queue::Unbind& m) {
  await_slice_for(m.arguments, scope_.context().budget());
  auto& virtual_host = scope_.virtual_host();
  const auto to = scope_.resolve_queue_name(m.queue);
  require_may_bind(m.exchange, to);
  auto* bound = virtual_host.find_queue(to);
  auto* binding = virtual_host.find_binding(virtual_host.find_exchange(m.exchange), bound,
                                            resolve_routing_key(m.queue, m.routing_key), m.arguments);
  if (binding != nullptr) {
    require_access(virtual_host, *bound, scope_.connection().number());
    virtual_host.unbind(*binding);
  }
  scope_.reply(m, queue::UnbindOk{});
}

void ChannelQueues::require_may_bind(std::string_view source, std::string_view queue) {
  scope_.require_queue_permission(Permission::write, queue);
  refuse_default_exchange(source);
  scope_.require_exchange_permission(Permission::read, source);
}

// If the client names neither a queue nor a key, the key is the name of the queue last declared.
std::string_view ChannelQueues::resolve_routing_key(std::string_view queue, std::string_view routing_key) const {
  return queue.empty() && routing_key.empty() ? scope_.resolve_queue_name(queue) : routing_key;
}

void ChannelQueues::purge(const queue::Purge& m) {
  auto& purged = scope_.require_accessible_queue(m.queue, Permission::read);
  scope_.reply(m, queue::PurgeOk{.message_count = static_cast<std::uint32_t>(purged.purge())});
}

void ChannelQueues::remove(const queue::Delete& m) {
  auto& virtual_host = scope_.virtual_host();
  const auto name = scope_.resolve_queue_name(m.queue);
  scope_.require_queue_permission(Permission::configure, name);
  auto* found = virtual_host.find_queue(name);
  if (found == nullptr) return scope_.reply(m, queue::DeleteOk{});
  require_access(virtual_host, *found, scope_.connection().number());
  const auto described = virtual_host.describe_queue(name);
  if (found->is_quorum() && (m.if_unused || m.if_empty))
    throw ConnectionError{ReplyCode::not_implemented, "cannot delete " + described + ". queue.delete operations with "
                                                          + (m.if_unused ? "if-unused" : "if-empty")
                                                          + " flag set are not supported by quorum queues"};
  if (m.if_unused && found->consumers() > 0) throw ChannelError{ReplyCode::precondition_failed, described + " in use"};
  if (m.if_empty && found->ready() > 0) throw ChannelError{ReplyCode::precondition_failed, described + " not empty"};
  const auto dropped = virtual_host.delete_queue(*found, event::Gone::asked);
  scope_.reply(m, queue::DeleteOk{.message_count = static_cast<std::uint32_t>(dropped)});
}

}  // namespace pocketmq::broker
