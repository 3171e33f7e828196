// An exchange: knows where a message goes, by the bindings from it. How it reads them is its type
// (AMQP 0-9-1, 3.1.3).
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
  bool auto_delete{false};  // goes with the last binding from it
  bool internal{false};     // takes messages from other exchanges only
  ExchangeArguments arguments{};
};

/// Counted: a search for a message's queues may pause while it refers to one that is deleted.
class Exchange : public protocol::Counted<Exchange>, public Destination {
 public:
  explicit Exchange(ExchangeDeclaration declaration);
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange() = default;

  [[nodiscard]] const ExchangeDeclaration& declaration() const { return declaration_; }
  [[nodiscard]] const std::string& name() const { return declaration_.name; }
  /// The exchange to which a message goes that this one knows no way for. Whether it is there is another question.
  [[nodiscard]] const std::optional<std::string>& alternate() const { return alternate_; }
  [[nodiscard]] const BindingsFromSource& bindings() const { return bindings_; }
  /// Whether one of them leads to what is still there. Throws Unfinished if the budget is used up before that is known:
  /// many may be about to go.
  [[nodiscard]] bool in_use(Budget& budget) const;

  /// The settings of the policy in force for it, if any, which may give it an alternate exchange. Its own arguments go
  /// before.
  void apply_policy(protocol::FieldTable policy);

  /// From now on it is counted, with its arguments, for as long as it is there.
  void count_in(Quotas& quotas);

  /// It is deleted. Searches skip what is left of its bindings.
  void close() { mark_deleted(); }

  /// Throws ChannelError 406 for arguments that no binding from an exchange of this type can have.
  virtual void check_binding(protocol::FieldTable /*arguments*/) const {}

  /// Tells the search each destination for the message, as often as it likes. Returns false if it has to pause: it is
  /// asked again then, and goes on where it was.
  [[nodiscard]] virtual bool route(const Message& message, Routing& routing) const = 0;

 private:
  friend class BindingTable;

  void join(Search& search) final { search.add(*this); }
  /// A binding from this exchange has come, or goes: for an exchange that keeps them by what they ask for. Draws on the
  /// budget.
  virtual void add(Binding& /*binding*/, Budget& /*budget*/) {}
  virtual void remove(Binding& /*binding*/, Budget& /*budget*/) {}
  /// What it keeps for its bindings beside these, about.
  [[nodiscard]] virtual std::size_t bytes_beside_bindings() const { return 0; }

  const ExchangeDeclaration declaration_;
  std::optional<std::string> alternate_;
  std::optional<Quota::Use> counted_;
  std::optional<Quota::Use> arguments_counted_;
  BindingsFromSource bindings_;
};

}  // namespace pocketmq::broker
