#include "broker/exchange.hpp"

#include "broker/router.hpp"

namespace pocketmq::broker {
namespace {

// As on RabbitMQ, the default exchange is nobody's alternate: there are no bindings from it.
std::optional<std::string> alternate_in(const ExchangeArguments& arguments) {
  const auto name = arguments.alternate();
  if (!name || name->empty()) return std::nullopt;
  return std::string{*name};
}

}  // namespace

Exchange::Exchange(ExchangeDeclaration declaration)
    : declaration_{std::move(declaration)}, alternate_{alternate_in(declaration_.arguments)} {}

void Exchange::join(Router& router) { router.add(*this); }

}  // namespace pocketmq::broker
