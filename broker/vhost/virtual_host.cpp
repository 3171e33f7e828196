#include "broker/vhost/virtual_host.hpp"

#include "broker/core/errors.hpp"
#include "broker/core/redeclaration.hpp"
#include "broker/core/room.hpp"

namespace pocketmq::broker {
namespace {

[[noreturn]] void refuse_locked(const std::string& queue) {
  throw ChannelError{ReplyCode::resource_locked,
                     "cannot obtain exclusive access to locked " + queue +
                         ". It could be originally declared on another connection or the exclusive property value "
                         "does not match that of the original declaration."};
}

}  // namespace

DeferredDeletions::UnusedSources VirtualHost::unused_sources_after(event::Gone reason) {
  const bool are_kept = reason == event::Gone::restarted || reason == event::Gone::vhost_deleted;
  return are_kept ? DeferredDeletions::UnusedSources::kept : DeferredDeletions::UnusedSources::deleted;
}

VirtualHost::VirtualHost(std::string name, Context& context)
    : name_{std::move(name)},
      context_{context},
      router_{*this, context},
      dead_letters_{*this, router_, context},
      deletions_{*this, bindings_, context} {
  events().created();
  predeclare_exchanges();
}

std::string VirtualHost::describe_queue(std::string_view queue) const {
  return "queue '" + std::string{queue} + "' in vhost '" + name_ + "'";
}

void VirtualHost::add_policy(Policy policy) {
  events().policy_set(policy);
  policies_.add(std::move(policy));
  exchanges_.for_each([this](const auto& named) {
    const auto& [name, exchange] = named;
    exchange->apply_policy(policies_.in_force(PolicyTarget::exchange, name));
  });
}

Queue* VirtualHost::find_queue(std::string_view name) const {
  const auto* found = queues_.find(name);
  return found == nullptr ? nullptr : found->second.get();
}

Queue& VirtualHost::require_queue(std::string_view name) const {
  if (auto* queue = find_queue(name)) return *queue;
  throw ChannelError{ReplyCode::not_found, "no " + describe_queue(name)};
}

void require_access(const VirtualHost& virtual_host, const Queue& queue, std::uint64_t session) {
  const auto owner = queue.declaration().owner;
  if (owner != 0 && owner != session) refuse_locked(virtual_host.describe_queue(queue.name()));
}

void VirtualHost::require_equal(const Queue& queue, const QueueDeclaration& given) const {
  const auto& current = queue.declaration();
  const auto described = describe_queue(queue.name());
  if (current.owner != given.owner) refuse_locked(described);
  // The flag `durable` is not compared for exclusive queues: these are deleted with their connection anyway.
  if (current.owner == 0) require_equal_flag(described, "durable", given.durable, current.durable);
  require_equal_flag(described, "auto_delete", given.auto_delete, current.auto_delete);
  require_equal_arguments(current.arguments.table(), given.arguments.table(), described);
}

void VirtualHost::check_new(const QueueDeclaration& declaration) const {
  const auto arguments = declaration.arguments.table();
  if (arguments.empty()) return;
  check_arguments(arguments, describe_queue(declaration.name));
  if (queue_type(arguments) != QueueType::quorum) return;
  const auto refuse = [&](std::string_view property) {
    throw ChannelError{ReplyCode::precondition_failed,
                       "invalid property '" + std::string{property} + "' for " + describe_queue(declaration.name)};
  };
  if (declaration.auto_delete) refuse("auto-delete");
  if (declaration.owner != 0) refuse("exclusive-owner");
  if (!declaration.durable) refuse("non-durable");
}

std::shared_ptr<const QueueSettings> VirtualHost::settings_for(const QueueDeclaration& declaration) const {
  const auto arguments = declaration.arguments.table();
  const bool is_quorum = queue_type(arguments) == QueueType::quorum;
  const auto target = is_quorum ? PolicyTarget::quorum_queue : PolicyTarget::classic_queue;
  const auto policy = policies_.in_force(target, declaration.name, &context_.budget());
  if (arguments.empty() && policy.empty()) return plain_settings_;
  return std::make_shared<const QueueSettings>(settings_from(arguments, policy));
}

Queue& VirtualHost::declare_queue(QueueDeclaration declaration) {
  if (auto* queue = find_queue(declaration.name)) {
    require_equal(*queue, declaration);
    queue->events().declared(false);
    return *queue;
  }
  check_new(declaration);
  require_room(context_, context_.quotas().queues, "declare queue '" + declaration.name + "'", "queue",
               declaration.arguments.table());
  auto settings = settings_for(declaration);
  protocol::Ref<Queue> queue{new Queue{std::move(declaration), std::move(settings), context_, *this}};
  queues_.add(queue->name(), queue);
  queue->events().declared(true);
  return *queue;
}

std::size_t VirtualHost::delete_queue(Queue& queue, event::Gone reason) {
  const auto ready = queue.ready();
  protocol::Ref<Queue> deleted{&queue};
  unregister(queue, reason);
  std::vector<protocol::Ref<Queue>> queues;
  queues.push_back(std::move(deleted));
  deletions_.add({.queues = std::move(queues), .unused_sources = unused_sources_after(reason)});
  return ready;
}

void VirtualHost::delete_consumers_and_queues(std::vector<Consumers> consumers,
                                              std::vector<protocol::Ref<Queue>> queues,
                                              DeferredDeletions::Waiter* waiter) {
  deletions_.add({.consumers = std::move(consumers), .queues = std::move(queues)}, waiter);
}

void VirtualHost::unregister(Queue& queue, event::Gone reason) {
  queue.events().deleted(reason, queue.ready());
  queues_.erase(queue.name());
  queue.close(reason == event::Gone::restarted ? event::Dropped::restarted : event::Dropped::queue_deleted);
}

void VirtualHost::take_dead_letter(Queue& from, Message message, DeathReason reason) {
  dead_letters_.collect(from, std::move(message), reason);
}

void VirtualHost::remove_unused(Queue& queue, event::Gone reason) { delete_queue(queue, reason); }

}  // namespace pocketmq::broker
