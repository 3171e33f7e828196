// The exchange types, by their names in exchange.declare.
#pragma once

#include <string_view>

#include "broker/routing/exchange.hpp"

namespace pocketmq::broker {

/// Throws ConnectionError 503 for an unknown type.
void require_exchange_type(std::string_view type);

/// Makes an exchange of the declared type, which must be known.
[[nodiscard]] protocol::Ref<Exchange> make_exchange(ExchangeDeclaration declaration);

}  // namespace pocketmq::broker
