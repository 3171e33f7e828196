// All bindings of a virtual host: each is there once, and is known to its source and to its destination.
#pragma once

#include <memory>
#include <unordered_set>

#include "broker/queue/binding.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

class Context;

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
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(const BindingIdentity& identity) const;
    std::size_t operator()(const std::unique_ptr<Binding>& binding) const { return (*this)(binding->identity()); }
  };
  struct Equal {
    using is_transparent = void;
    static const BindingIdentity& identity_of(const BindingIdentity& identity) { return identity; }
    static BindingIdentity identity_of(const std::unique_ptr<Binding>& binding) { return binding->identity(); }
    bool operator()(const auto& a, const auto& b) const { return identity_of(a) == identity_of(b); }
  };

  Context& context_;
  std::unordered_set<std::unique_ptr<Binding>, Hash, Equal> bindings_;
};

}  // namespace pocketmq::broker
