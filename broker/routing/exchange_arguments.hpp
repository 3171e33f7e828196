// The arguments of exchange.declare that have a meaning: `alternate-exchange`.
#pragma once

#include <optional>
#include <string>

#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// An owned copy of an exchange's arguments.
class ExchangeArguments {
 public:
  ExchangeArguments() = default;
  explicit ExchangeArguments(protocol::FieldTable given) : encoded_{given.encoded()} {}

  [[nodiscard]] protocol::FieldTable table() const { return protocol::FieldTable{encoded_}; }
  /// The name of the alternate exchange, which gets what this exchange cannot route.
  [[nodiscard]] std::optional<std::string_view> alternate() const;

 private:
  std::string encoded_;
};

/// Throws ChannelError 406 for an invalid value. `exchange` is how error texts name the exchange: "exchange 'e' in
/// vhost '/'".
void check_arguments(const ExchangeArguments& arguments, std::string_view exchange);

/// Throws ChannelError 406 if a new declaration differs. The text names the argument whose value is not the current
/// one.
void require_equal_arguments(const ExchangeArguments& current, const ExchangeArguments& given,
                             std::string_view exchange);

}  // namespace pocketmq::broker
