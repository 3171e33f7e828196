// All bindings of a virtual host: each is there once, and is known to its source and to its destination.
#pragma once

#include <cstddef>
#include <memory>

#include "broker/core/gradual_table.hpp"
#include "broker/queue/binding.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

class Context;

/// What is done to it draws on the budget.
class BindingTable {
 public:
  /// `context` outlives it.
  explicit BindingTable(Context& context) : context_{context} {}
  BindingTable(const BindingTable&) = delete;
  BindingTable& operator=(const BindingTable&) = delete;

  [[nodiscard]] std::size_t size() const { return bindings_.size(); }

  /// Null if there is none. The order of the arguments does not matter.
  [[nodiscard]] Binding* find(Exchange& source, Destination& destination, std::string_view routing_key,
                              protocol::FieldTable arguments) const;
  /// An equal one that is there stays the only one.
  /// Throws ChannelError 406 where there is no room for one more.
  void add(Exchange& source, Destination& destination, std::string_view routing_key, protocol::FieldTable arguments);
  /// Returns the source if it is to go with it: one that auto-deletes, after the last binding from it.
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
