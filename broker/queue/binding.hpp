// A binding: leads messages from an exchange to a queue, or to another exchange.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/quota.hpp"

namespace pocketmq::broker {

class Destination;
class Exchange;

/// What makes a binding this one: where one of the four differs, it is another one.
struct BindingIdentity {
  Exchange* source{nullptr};
  Destination* destination{nullptr};
  std::string_view routing_key{};
  std::string_view arguments{};  // an encoded table, its fields sorted by name

  friend bool operator==(const BindingIdentity&, const BindingIdentity&) = default;
};

struct Binding {
  Binding(const BindingIdentity& identity, Quotas& quotas)
      : source{*identity.source},
        destination{*identity.destination},
        routing_key{identity.routing_key},
        arguments{identity.arguments},
        counted{quotas.bindings, 1, routing_key.size()},
        arguments_counted{quotas.argument_bytes, arguments.size()} {}
  Binding(const Binding&) = delete;
  Binding& operator=(const Binding&) = delete;

  [[nodiscard]] BindingIdentity identity() const { return {&source, &destination, routing_key, arguments}; }

  Exchange& source;
  Destination& destination;
  const std::string routing_key;
  const std::string arguments;
  const Quota::Use counted;
  const Quota::Use arguments_counted;

  // Its places in the three lists that it may stand in, which are theirs to keep.
  std::size_t place_at_source{0};
  std::size_t place_at_destination{0};
  std::size_t place_at_key{0};
};

/// Bindings in no particular order. One is added or removed in the same time however many there are.
template <std::size_t Binding::*place> class BindingList {
 public:
  [[nodiscard]] bool empty() const { return bindings_.empty(); }
  [[nodiscard]] std::size_t size() const { return bindings_.size(); }
  [[nodiscard]] auto begin() const { return bindings_.begin(); }
  [[nodiscard]] auto end() const { return bindings_.end(); }
  [[nodiscard]] Binding& back() const { return *bindings_.back(); }
  [[nodiscard]] Binding& operator[](std::size_t index) const { return *bindings_[index]; }

  void add(Binding& binding) {
    binding.*place = bindings_.size();
    bindings_.push_back(&binding);
  }

  /// The last one takes its place.
  void remove(Binding& binding) {
    bindings_.back()->*place = binding.*place;
    bindings_[binding.*place] = bindings_.back();
    bindings_.pop_back();
  }

 private:
  std::vector<Binding*> bindings_;
};

using BindingsFromSource = BindingList<&Binding::place_at_source>;
using BindingsToDestination = BindingList<&Binding::place_at_destination>;
using BindingsOfKey = BindingList<&Binding::place_at_key>;

}  // namespace pocketmq::broker
