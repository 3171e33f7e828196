// An exchange: routes messages by the bindings from it. Its type says how (AMQP 0-9-1, 3.1.3).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "broker/core/budget.hpp"
#include "broker/core/quota.hpp"
#include "broker/queue/destination.hpp"
#include "broker/routing/exchange_arguments.hpp"
#include "protocol/base/counted.hpp"

namespace pocketmq::broker {

class Message;
class Routing;

/// An exchange as it was declared (exchange.declare, AMQP 0-9-1 1.6.2.1).
struct ExchangeDeclaration {
  std::string name;
  std::string type;
  bool durable{false};
  bool auto_delete{false};  // deleted with the last binding from it
  bool internal{false};     // accepts messages from other exchanges only
  ExchangeArguments arguments{};
};

/// Counted, because a paused search may still refer to a deleted exchange.
class Exchange : public protocol::Counted<Exchange>, public Destination {
 public:
  explicit Exchange(ExchangeDeclaration declaration);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange() = default;

  [[nodiscard]] const ExchangeDeclaration& declaration() const { return declaration_; }
  [[nodiscard]] const std::string& name() const final { return declaration_.name; }
  [[nodiscard]] event::Target target() const final { return event::Target::exchange; }
  /// The name of the alternate exchange, which gets the messages that this exchange cannot route. It need not exist.
  [[nodiscard]] const std::optional<std::string>& alternate() const { return alternate_; }
  [[nodiscard]] const BindingsFromSource& bindings() const { return bindings_; }
  /// Whether a binding leads to a destination that is not deleted. Throws Unfinished if the budget is used up before
  /// that is known, since very many bindings may be about to be removed.
  [[nodiscard]] bool in_use(Budget& budget) const;

  /// Applies the settings of the policy in force, which may name an alternate exchange. The exchange's own arguments
  /// take precedence.
  void apply_policy(protocol::FieldTable policy);

  /// Counts the exchange and its arguments in the quotas, as long as it exists.
  void count_in(Quotas& quotas);

  /// Marks the exchange as deleted. Searches skip its remaining bindings.
  void close() { mark_deleted(); }

  /// Throws ChannelError 406 for arguments that are invalid in a binding from an exchange of this type.
  virtual void check_binding(protocol::FieldTable /*arguments*/) const {}

  /// Reports each of the message's destinations to the search, possibly more than once. Returns false if the search has
  /// to pause. The search then calls it again, and the exchange continues where it stopped.
  [[nodiscard]] virtual bool route(const Message& message, Routing& routing) const = 0;

 private:
  friend class BindingTable;

  void add_to(Search& search) final { search.add(*this); }
  /// A binding from this exchange was added or is removed. For types that keep an index of their bindings. Charged to
  /// the budget.
  virtual void add(Binding& /*binding*/, Budget& /*budget*/) {}
  virtual void remove(Binding& /*binding*/, Budget& /*budget*/) {}
  /// About the bytes of that index.
  [[nodiscard]] virtual std::size_t index_bytes() const { return 0; }

  const ExchangeDeclaration declaration_;
  std::optional<std::string> alternate_;
  std::optional<Quota::Use> counted_;
  std::optional<Quota::Use> arguments_counted_;
  BindingsFromSource bindings_;
};

}  // namespace pocketmq::broker
