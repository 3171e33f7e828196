// The types of exchanges, by the names that exchange.declare gives them.
#pragma once

#include <string_view>

#include "broker/routing/exchange.hpp"

namespace pocketmq::broker {

/// Throws ConnectionError 503 for a type that there is not.
void require_exchange_type(std::string_view type);

/// A new exchange of the declared type, which is one that there is.
[[nodiscard]] protocol::Ref<Exchange> make_exchange(ExchangeDeclaration declaration);

}  // namespace pocketmq::broker
