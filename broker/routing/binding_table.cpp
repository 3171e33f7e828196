#include "broker/routing/binding_table.hpp"

#include <functional>

#include "broker/core/room.hpp"
#include "broker/message/edited_table.hpp"
#include "broker/routing/exchange.hpp"
#include "protocol/base/text_hash.hpp"

namespace pocketmq::broker {
namespace {

// Sorted, because the order in which a client gave the fields does not matter.
std::string sorted_by_name(protocol::FieldTable table, Budget& budget) {
  budget.use(steps::for_sorting(table.encoded().size()));
  return std::string{EditedTable{table}.sorted().table().encoded()};
}

}  // namespace

std::size_t BindingTable::Hash::operator()(const BindingIdentity& identity) const {
  constexpr std::size_t odd = 0x9E37'79B9'7F4A'7C15;  // mixes the hashes of similar parts
  auto hash = std::hash<const Exchange*>{}(identity.source);
  hash = hash * odd + std::hash<const Destination*>{}(identity.destination);
  hash = hash * odd + protocol::TextHash{}(identity.routing_key);
  return hash * odd + protocol::TextHash{}(identity.arguments);
}

Binding* BindingTable::find(Exchange& source, Destination& destination, std::string_view routing_key,
                            protocol::FieldTable arguments) const {
  const auto sorted = sorted_by_name(arguments, context_.budget());
  const auto* found = bindings_.find(BindingIdentity{&source, &destination, routing_key, sorted});
  return found == nullptr ? nullptr : found->get();
}

const Binding* BindingTable::add(Exchange& source, Destination& destination, std::string_view routing_key,
                                 protocol::FieldTable arguments) {
  const auto sorted = sorted_by_name(arguments, context_.budget());
  const BindingIdentity identity{&source, &destination, routing_key, sorted};
  if (bindings_.find(identity) != nullptr) return nullptr;
  auto& quotas = context_.quotas();
  require_room(context_, quotas.bindings, "bind", "binding", arguments);
  auto& added = *bindings_.add(std::make_unique<Binding>(identity, quotas));
  source.bindings_.add(added);
  const auto bytes_before = source.index_bytes();
  source.add(added, context_.budget());
  context_.memory().charge_object(source.index_bytes() - bytes_before);
  destination.bindings_to_.add(added);
  return &added;
}

Exchange* BindingTable::remove(Binding& binding) {
  auto& source = binding.source;
  context_.budget().use(steps::for_reading(binding.arguments.size()));
  const auto bytes_before = source.index_bytes();
  source.remove(binding, context_.budget());
  context_.memory().release_object(bytes_before - source.index_bytes());
  source.bindings_.remove(binding);
  binding.destination.bindings_to_.remove(binding);
  bindings_.erase(binding.identity());
  const bool source_is_unused = source.declaration().auto_delete && source.bindings_.empty() && !source.deleted();
  return source_is_unused ? &source : nullptr;
}

}  // namespace pocketmq::broker
