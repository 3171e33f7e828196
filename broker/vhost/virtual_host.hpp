// A virtual host: a namespace of exchanges and queues, with the bindings between them.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/by_name.hpp"
#include "broker/queue/queue.hpp"
#include "broker/queue/settlements.hpp"
#include "broker/routing/binding_table.hpp"
#include "broker/routing/exchange.hpp"
#include "broker/routing/router.hpp"
#include "broker/vhost/dead_letters.hpp"
#include "broker/vhost/deferred_deletions.hpp"
#include "broker/vhost/policy.hpp"
#include "broker/vhost/virtual_host_events.hpp"

namespace pocketmq::broker {

class VirtualHost final : private QueueHost, private ExchangeDirectory, private DeferredDeletions::Owner {
 public:
  VirtualHost(std::string name, Context& context);
  VirtualHost(const VirtualHost&) = delete;
  VirtualHost& operator=(const VirtualHost&) = delete;

  [[nodiscard]] const std::string& name() const override { return name_; }
  [[nodiscard]] std::size_t queue_count() const { return queues_.size(); }
  [[nodiscard]] std::size_t exchange_count() const { return exchanges_.size(); }
  [[nodiscard]] std::size_t binding_count() const { return bindings_.size(); }
  // ---- for code that shows the virtual host, in no particular order
  void for_each_queue(auto&& visit) const {
    queues_.for_each([&](const auto& named) { visit(*named.second); });
  }
  void for_each_exchange(auto&& visit) const {
    exchanges_.for_each([&](const auto& named) { visit(*named.second); });
  }
  [[nodiscard]] const BindingTable& bindings() const { return bindings_; }
  [[nodiscard]] const Policies& policies() const { return policies_; }

  [[nodiscard]] Queue* find_queue(std::string_view name) const override;
  /// The queue with that name. Throws ChannelError 404 if there is none.
  [[nodiscard]] Queue& require_queue(std::string_view name) const;
  /// Declares the queue, or finds an equal one. Throws ChannelError 405 if a queue with that name is exclusive to
  /// another connection, 406 if it has other fields.
  Queue& declare_queue(QueueDeclaration declaration);
  /// Deletes the queue and its messages, and returns how many messages were ready. Its consumers and the bindings to it
  /// are removed after the command, very many over several turns.
  std::size_t delete_queue(Queue& queue, event::Gone reason);
  /// Removes the consumers, and deletes those of the queues that still exist: after the command, very many over several
  /// turns. `waiter` is told when all is done; it may be null.
  void delete_consumers_and_queues(std::vector<Consumers> consumers, std::vector<protocol::Ref<Queue>> queues,
                                   DeferredDeletions::Waiter* waiter);

  /// Adds a policy. It applies at once to existing exchanges, and to all queues that are declared from now on.
  void add_policy(Policy policy);

  [[nodiscard]] Exchange* find_exchange(std::string_view name) const override;
  /// The exchange with that name. Throws ChannelError 404 if there is none.
  [[nodiscard]] Exchange& require_exchange(std::string_view name) const;
  /// Declares the exchange, or finds an equal one. Throws ConnectionError 503 for an unknown type, ChannelError 403 for
  /// a reserved name, and 406 if an exchange with that name has other fields.
  Exchange& declare_exchange(ExchangeDeclaration declaration);
  /// Deletes the exchange. The bindings from it and to it are removed over several turns if they are very many.
  void delete_exchange(Exchange& exchange, event::Gone reason);

  /// Adds a binding. Does nothing if an equal one exists. Throws ChannelError 406 for arguments that the source's type
  /// does not allow.
  void bind(Exchange& source, Destination& destination, std::string_view routing_key, protocol::FieldTable arguments);
  /// The binding with these four parts; null if there is none or if source or destination is null.
  [[nodiscard]] Binding* find_binding(Exchange* source, Destination* destination, std::string_view routing_key,
                                      protocol::FieldTable arguments) const;
  /// Removes the binding. An auto-delete source is deleted with the last binding from it.
  void unbind(Binding& binding);

  /// A fast path of `route`: the queue for a message that was published to `exchange`, if no other can be a
  /// destination. That is so for the default exchange, if the message has no headers with further routing keys. Null
  /// otherwise.
  [[nodiscard]] Queue* find_only_queue(const Exchange& exchange, const Message& message) const {
    const bool is_certain = &exchange == default_exchange_ && !message.has_headers();
    return is_certain ? find_queue(message.routing_key()) : nullptr;
  }
  /// Searches for the queues of a message that was published to `exchange`, until the budget is used up. Each queue is
  /// found once, in no particular order. The result is valid until the next call.
  [[nodiscard]] Routing& route(Exchange& exchange, const Message& message) { return router_.route(exchange, message); }
  /// The same search, for code that explains it (Router::dry_run).
  [[nodiscard]] std::unique_ptr<Routing> dry_run(Exchange& exchange, const Message& message, Budget& budget,
                                                 RouteListener& listener) {
    return router_.dry_run(exchange, message, budget, listener);
  }
  /// Returns the search of the last `route`, which was not finished, so that the caller can continue it in other
  /// slices.
  [[nodiscard]] std::unique_ptr<Routing> keep_route() { return router_.keep(); }

  [[nodiscard]] Settlements& settlements() { return settlements_; }

  /// How error texts name a queue: "queue 'q' in vhost '/'".
  [[nodiscard]] std::string describe_queue(std::string_view queue) const;
  /// How error texts name an exchange: "exchange 'e' in vhost '/'".
  [[nodiscard]] std::string describe_exchange(std::string_view exchange) const;

 private:
  void require_equal(const Queue& queue, const QueueDeclaration& declaration) const;
  void check_new(const QueueDeclaration& declaration) const;
  void require_equal(const Exchange& exchange, const ExchangeDeclaration& declaration) const;
  [[nodiscard]] std::shared_ptr<const QueueSettings> settings_for(const QueueDeclaration& declaration) const;
  void predeclare_exchanges();
  [[nodiscard]] VirtualHostEvents events() const { return {context_, name_}; }
  void unregister(Queue& queue, event::Gone reason) override;
  [[nodiscard]] protocol::Ref<Exchange> unregister(Exchange& exchange, event::Gone reason) override;
  void tell_unbound(const Binding& binding, event::Gone reason) override { events().unbound(binding, reason); }
  void take_dead_letter(Queue& from, Message message, DeathReason reason) override;
  void remove_unused(Queue& queue, event::Gone reason) override;

  const std::string name_;
  Context& context_;
  Policies policies_;
  const std::shared_ptr<const QueueSettings> plain_settings_{std::make_shared<QueueSettings>()};  // of most
  ByName<protocol::Ref<Queue>, std::string_view> queues_;  // the keys are views of the queues' names
  ByName<protocol::Ref<Exchange>> exchanges_;
  Exchange* default_exchange_{nullptr};  // most messages are published to it
  BindingTable bindings_{context_};
  Router router_;
  DeadLetters dead_letters_;
  Settlements settlements_{context_.backlog()};
  DeferredDeletions deletions_;
};

/// Throws ChannelError 405 if the queue is exclusive to another session than the one with this number.
void require_access(const VirtualHost& virtual_host, const Queue& queue, std::uint64_t session);

}  // namespace pocketmq::broker
