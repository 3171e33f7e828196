// The two SASL mechanisms that RabbitMQ offers: PLAIN (RFC 4616) and AMQPLAIN (a field table).
#pragma once

#include <optional>
#include <string_view>

namespace pocketmq::broker {

inline constexpr std::string_view sasl_mechanisms = "AMQPLAIN PLAIN";

/// What a response says; views into it.
struct Credentials {
  std::string_view user;
  std::string_view password;
};

/// Reads the response of a start-ok. Throws ConnectionError 503 for an unknown mechanism, 501 for a malformed response.
[[nodiscard]] Credentials read_response(std::string_view mechanism, std::string_view response);

}  // namespace pocketmq::broker
