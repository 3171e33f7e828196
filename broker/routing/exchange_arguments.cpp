#include "broker/routing/exchange_arguments.hpp"

#include "broker/core/errors.hpp"
#include "broker/core/redeclaration.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::string_view alternate_argument = "alternate-exchange";

}  // namespace

std::optional<std::string_view> ExchangeArguments::alternate() const {
  const auto value = table().find(alternate_argument);
  return value ? value->string() : std::nullopt;
}

void check_arguments(const ExchangeArguments& arguments, std::string_view exchange) {
  const auto alternate = arguments.table().find(alternate_argument);
  if (alternate && !alternate->string())
    throw ChannelError{ReplyCode::precondition_failed, "invalid type '" + std::string{type_name(alternate->type)}
                                                           + "' for arg '" + std::string{alternate_argument} + "' in "
                                                           + std::string{exchange}};
}

void require_equal_arguments(const ExchangeArguments& current, const ExchangeArguments& given,
                             std::string_view exchange) {
  require_equal_argument(exchange, alternate_argument, given.table(), current.table());
}

}  // namespace pocketmq::broker
