// The arguments of exchange.declare that mean something: `alternate-exchange`.
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
  /// The name of the exchange that takes what this one knows no way for.
  [[nodiscard]] std::optional<std::string_view> alternate() const;

 private:
  std::string encoded_;
};

/// Throws ChannelError 406 for a value that is not valid. `exchange` is how texts name the exchange:
/// "exchange 'e' in vhost '/'".
void check_arguments(const ExchangeArguments& arguments, std::string_view exchange);

/// Throws ChannelError 406 that names the argument whose value in a new declaration is not the current one.
void require_equal_arguments(const ExchangeArguments& current, const ExchangeArguments& given,
                             std::string_view exchange);

}  // namespace pocketmq::broker
