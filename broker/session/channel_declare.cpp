// What a channel asks of queues as such: declare, delete, purge.

#include "broker/session/channel.hpp"

namespace pocketmq::broker {

namespace queue = protocol::queue;

// The name that a client may give, or one that nobody has.
std::string Channel::name_for_new(const queue::Declare& m) const {
  if (m.queue.starts_with("amq."))
    throw ChannelError{ReplyCode::access_refused,
                       "queue name '" + std::string{m.queue} + "' contains reserved prefix 'amq.*'"};
  if (!m.queue.empty()) return std::string{m.queue};
  if (queue_type(m.arguments) == QueueType::quorum)
    throw ChannelError{ReplyCode::precondition_failed,
                       "Cannot declare a server-named queue for type rabbit_quorum_queue"};
  return context_.unique_name("amq.gen-");
}

void Channel::handle(const queue::Declare& m) {
  if (m.queue.starts_with(direct_reply_queue)) return declare_reply_queue(m);
  Queue* declared = nullptr;
  if (m.passive) {
    declared = &virtual_host().require_queue(m.queue);
    require_access(virtual_host(), *declared, session_.number());
  } else {
    auto name = name_for_new(m);
    require_queue_permission(Permission::configure, name);
    const bool is_new = virtual_host().find_queue(name) == nullptr;
    if (is_new) require_dead_letter_permissions(m, name);
    declared = &virtual_host().declare_queue({.name = std::move(name),
                                              .durable = m.durable,
                                              .auto_delete = m.auto_delete,
                                              .owner = m.exclusive ? session_.number() : 0,
                                              .arguments = QueueArguments{m.arguments}});
    if (m.exclusive && is_new) session_.own(*declared);
  }
  if (!m.no_wait) declared->mark_used();
  last_declared_ = declared->name();
  reply(m, queue::DeclareOk{.queue = declared->name(),
                            .message_count = static_cast<std::uint32_t>(declared->ready()),
                            .consumer_count = static_cast<std::uint32_t>(declared->consumers())});
}

// Who sends a queue's messages to an exchange reads the one and writes to the other.
void Channel::require_dead_letter_permissions(const queue::Declare& m, std::string_view queue) {
  const auto exchange = m.arguments.find("x-dead-letter-exchange");
  if (!exchange || !exchange->string()) return;
  require_queue_permission(Permission::read, queue);
  require_exchange_permission(Permission::write, *exchange->string());
}

void Channel::handle(const queue::Delete& m) {
  const auto name = name_meant(m.queue);
  require_queue_permission(Permission::configure, name);
  auto* found = virtual_host().find_queue(name);
  if (found == nullptr) return reply(m, queue::DeleteOk{});
  require_access(virtual_host(), *found, session_.number());
  const auto described = virtual_host().describe_queue(name);
  if (found->is_quorum() && (m.if_unused || m.if_empty))
    throw ConnectionError{ReplyCode::not_implemented, "cannot delete " + described + ". queue.delete operations with "
                                                          + (m.if_unused ? "if-unused" : "if-empty")
                                                          + " flag set are not supported by quorum queues"};
  if (m.if_unused && found->consumers() > 0) throw ChannelError{ReplyCode::precondition_failed, described + " in use"};
  if (m.if_empty && found->ready() > 0) throw ChannelError{ReplyCode::precondition_failed, described + " not empty"};
  const auto dropped = virtual_host().delete_queue(*found);
  reply(m, queue::DeleteOk{.message_count = static_cast<std::uint32_t>(dropped)});
}

void Channel::handle(const queue::Purge& m) {
  auto& purged = require_accessible_queue(m.queue, Permission::read);
  reply(m, queue::PurgeOk{.message_count = static_cast<std::uint32_t>(purged.purge())});
}

}  // namespace pocketmq::broker
