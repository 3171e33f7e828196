#include "broker/routing/exchange.hpp"

#include <algorithm>

#include "broker/core/errors.hpp"

namespace pocketmq::broker {
namespace {

// As on RabbitMQ, the default exchange is nobody's alternate: there are no bindings from it.
std::optional<std::string> alternate_named(std::optional<std::string_view> name) {
  if (!name || name->empty()) return std::nullopt;
  return std::string{*name};
}

}  // namespace

Exchange::Exchange(ExchangeDeclaration declaration)
    : declaration_{std::move(declaration)}, alternate_{alternate_named(declaration_.arguments.alternate())} {}

bool Exchange::in_use(Budget& budget) const {
  return std::ranges::any_of(bindings_, [&](const auto* binding) {
    if (budget.is_used_up()) throw Unfinished{};
    budget.use(steps::for_a_binding);
    return !binding->destination.deleted();
  });
}

void Exchange::count_in(Quotas& quotas) {
  counted_.emplace(quotas.exchanges, 1, 2 * name().size());
  arguments_counted_.emplace(quotas.argument_bytes, declaration_.arguments.table().encoded().size());
}

void Exchange::apply_policy(protocol::FieldTable policy) {
  const auto ruled = policy.find("alternate-exchange");
  const auto own = declaration_.arguments.alternate();
  alternate_ = alternate_named(own || !ruled ? own : ruled->string());
}

}  // namespace pocketmq::broker
