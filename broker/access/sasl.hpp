// The SASL mechanisms that RabbitMQ offers: PLAIN (RFC 4616), AMQPLAIN (a field table), and EXTERNAL (RFC 4422, A) to
// peers whose name the connection itself has proved.
#pragma once

#include <optional>
#include <string_view>

namespace pocketmq::broker {

/// The mechanisms that connection.start lists. `proved_name` is what the connection itself has proved of its peer (the
/// name in a TLS certificate), empty for nothing: only with a name EXTERNAL is offered.
[[nodiscard]] std::string_view sasl_mechanisms(std::string_view proved_name);

/// Who somebody says he is; views into what was read.
struct Credentials {
  std::string_view user;
  std::optional<std::string_view> password;  // none where the connection has proved the name
};

/// Reads the response of a start-ok. Throws ConnectionError 503 for a mechanism that was not offered, 501 for a
/// malformed response.
[[nodiscard]] Credentials read_response(std::string_view mechanism, std::string_view response,
                                        std::string_view proved_name);

}  // namespace pocketmq::broker
