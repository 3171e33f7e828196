// A virtual host: the exchanges and queues that can see each other.
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

namespace pocketmq::broker {

class VirtualHost final : private QueueHost, private ExchangeDirectory, private DeferredDeletions::Owner {
 public:
  VirtualHost(std::string name, Context& context);
  VirtualHost(const VirtualHost&) = delete;
  VirtualHost& operator=(const VirtualHost&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::size_t queue_count() const { return queues_.size(); }
  [[nodiscard]] std::size_t exchange_count() const { return exchanges_.size(); }
  [[nodiscard]] std::size_t binding_count() const { return bindings_.size(); }

  [[nodiscard]] Queue* find_queue(std::string_view name) const override;
  /// The queue, or ChannelError 404.
  [[nodiscard]] Queue& require_queue(std::string_view name) const;
  /// Makes the queue, or finds an equal one. Throws ChannelError 405 if it is exclusive to another connection, 406 if
  /// it is there with other fields.
  Queue& declare_queue(QueueDeclaration declaration);
  /// Drops what is in it, and after the command cancels its consumers and takes the bindings to it away, very many a
  /// slice a turn; returns how many messages were ready.
  std::size_t delete_queue(Queue& queue);
  /// After the command, and very many a slice a turn: takes the consumers away and deletes those of the queues that are
  /// still there. `waiter`, if there is one, waits until all have gone.
  void delete_what_was_held(std::vector<Consumers> consumers, std::vector<protocol::Ref<Queue>> queues,
                            DeferredDeletions::Waiter* waiter);

  /// For exchanges at once, and for queues that are declared from now on.
  void add_policy(Policy policy);

  [[nodiscard]] Exchange* find_exchange(std::string_view name) const override;
  /// The exchange, or ChannelError 404.
  [[nodiscard]] Exchange& require_exchange(std::string_view name) const;
  /// Makes the exchange, or finds an equal one. Throws ConnectionError 503 for a type that there is not, ChannelError
  /// 406 if it is there with other fields, 403 if the name is reserved.
  Exchange& declare_exchange(ExchangeDeclaration declaration);
  /// Takes the bindings from it and to it away, very many a slice a turn.
  void delete_exchange(Exchange& exchange);

  /// Where an equal binding is there, nothing changes. Throws ChannelError 406 for arguments that the source's type
  /// does not allow.
  void bind(Exchange& source, Destination& destination, std::string_view routing_key, protocol::FieldTable arguments);
  /// Null if there is none; there is none from or to what is null.
  [[nodiscard]] Binding* find_binding(Exchange* source, Destination* destination, std::string_view routing_key,
                                      protocol::FieldTable arguments) const;
  /// Its source goes too, if that auto-deletes and this was the last binding from it.
  void unbind(Binding& binding);

  /// The queue for a message that was published to `exchange`, if it is the only one for certain: the default exchange
  /// leads there by the queue's name, and no header has further routing keys.
  [[nodiscard]] Queue* find_only_queue(const Exchange& exchange, const Message& message) const {
    const bool is_certain = &exchange == default_exchange_ && !message.has_headers();
    return is_certain ? find_queue(message.routing_key()) : nullptr;
  }
  /// Searches for the queues of a message that was published to `exchange`, as far as the budget goes: each once, in no
  /// order. Valid until the next call.
  [[nodiscard]] Routing& route(Exchange& exchange, const Message& message) { return router_.route(exchange, message); }
  /// The search of the last call, which was not finished, to go on with it in other slices.
  [[nodiscard]] std::unique_ptr<Routing> keep_route() { return router_.keep(); }

  [[nodiscard]] Settlements& settlements() { return settlements_; }

  /// How texts name a queue: "queue 'q' in vhost '/'".
  [[nodiscard]] std::string describe_queue(std::string_view queue) const;
  /// How texts name an exchange: "exchange 'e' in vhost '/'".
  [[nodiscard]] std::string describe_exchange(std::string_view exchange) const;

 private:
  void require_equal(const Queue& queue, const QueueDeclaration& declaration) const;
  void check_new(const QueueDeclaration& declaration) const;
  void require_equal(const Exchange& exchange, const ExchangeDeclaration& declaration) const;
  [[nodiscard]] std::shared_ptr<const QueueSettings> settings_for(const QueueDeclaration& declaration) const;
  void predeclare_exchanges();
  void take_out(Queue& queue) override;
  [[nodiscard]] protocol::Ref<Exchange> take_out(Exchange& exchange) override;
  void take_dead_letter(Queue& from, Message message, DeathReason reason) override;
  void remove_unused(Queue& queue) override;

  const std::string name_;
  Context& context_;
  Policies policies_;
  const std::shared_ptr<const QueueSettings> plain_settings_{std::make_shared<QueueSettings>()};  // of most queues
  ByName<protocol::Ref<Queue>, std::string_view> queues_;  // the names are the queues' own
  ByName<protocol::Ref<Exchange>> exchanges_;
  Exchange* default_exchange_{nullptr};  // the one that most messages are published to
  BindingTable bindings_{context_};
  Router router_;
  DeadLetters dead_letters_;
  Settlements settlements_{context_.backlog()};
  DeferredDeletions deletions_;
};

/// Throws ChannelError 405 if the queue is exclusive to another connection than that of the session with this number.
void require_access(const VirtualHost& virtual_host, const Queue& queue, std::uint64_t session);

}  // namespace pocketmq::broker
