// All bindings of a virtual host. Equal bindings exist once. Each is also listed at its source and its destination.
#pragma once

#include <cstddef>
#include <memory>

#include "broker/core/gradual_table.hpp"
#include "broker/queue/binding.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

class Context;

/// All operations are charged to the budget.
class BindingTable {
 public:
  /// `context` must outlive it.
  explicit BindingTable(Context& context) : context_{context} {}
  BindingTable(const BindingTable&) = delete;
  BindingTable& operator=(const BindingTable&) = delete;

  [[nodiscard]] std::size_t size() const { return bindings_.size(); }

  /// Calls `visit(const Binding&)` for each binding, in no particular order.
  void for_each(auto&& visit) const {
    bindings_.for_each([&](const std::unique_ptr<Binding>& binding) { visit(*binding); });
  }

  /// The binding with these four parts; null if there is none. The order of the arguments does not matter.
  [[nodiscard]] Binding* find(Exchange& source, Destination& destination, std::string_view routing_key,
                              protocol::FieldTable arguments) const;
  /// Adds a binding, and returns it. Returns null if an equal one exists. Throws ChannelError 406 if there is no room
  /// for another one.
  const Binding* add(Exchange& source, Destination& destination, std::string_view routing_key,
                     protocol::FieldTable arguments);
  /// Removes the binding. Returns its source if that is an auto-delete exchange and this was the last binding from it:
  /// the caller then has to delete the exchange.
  [[nodiscard]] Exchange* remove(Binding& binding);

 private:
  struct IdentityOf {
    BindingIdentity operator()(const std::unique_ptr<Binding>& binding) const { return binding->identity(); }
  };
  struct Hash {
    std::size_t operator()(const BindingIdentity& identity) const;
  };

  Context& context_;
  GradualTable<std::unique_ptr<Binding>, IdentityOf, Hash> bindings_;
};

}  // namespace pocketmq::broker
