#include "broker/routing/exchange_types.hpp"

#include <algorithm>
#include <array>

#include "broker/core/errors.hpp"
#include "broker/routing/direct_exchange.hpp"
#include "broker/routing/fanout_exchange.hpp"
#include "broker/routing/headers_exchange.hpp"
#include "broker/routing/topic_exchange.hpp"

namespace pocketmq::broker {
namespace {

template <class T> protocol::Ref<Exchange> make(ExchangeDeclaration declaration) {
  return protocol::Ref<Exchange>{new T{std::move(declaration)}};
}

struct Type {
  std::string_view name;
  protocol::Ref<Exchange> (*make)(ExchangeDeclaration);
};

constexpr std::array types{Type{"direct", make<DirectExchange>}, Type{"fanout", make<FanoutExchange>},
                           Type{"headers", make<HeadersExchange>}, Type{"topic", make<TopicExchange>}};

}  // namespace

void require_exchange_type(std::string_view type) {
  if (std::ranges::find(types, type, &Type::name) != types.end()) return;
  throw ConnectionError{
      ReplyCode::command_invalid,
      (type.empty() ? "invalid exchange type '" : "unknown exchange type '") + std::string{type} + "'"};
}

protocol::Ref<Exchange> make_exchange(ExchangeDeclaration declaration) {
  const auto* type = std::ranges::find(types, declaration.type, &Type::name);
  return type->make(std::move(declaration));
}

}  // namespace pocketmq::broker
