// The SASL mechanisms that RabbitMQ offers: PLAIN (RFC 4616), AMQPLAIN (a field table), and EXTERNAL (RFC 4422,
// appendix A). EXTERNAL is only for peers whose name the connection itself has proved.
#pragma once

#include <optional>
#include <string_view>

namespace pocketmq::broker {

/// The mechanisms that connection.start lists. `certificate_name` is the peer's name as the connection has proved it,
/// such as the name in a TLS certificate. It is empty if nothing was proved; EXTERNAL is then not offered.
[[nodiscard]] std::string_view sasl_mechanisms(std::string_view certificate_name);

/// The name and the password that a client gave. Views into the response.
struct Credentials {
  std::string_view user;
  std::optional<std::string_view> password;  // none for EXTERNAL
};

/// Reads the response in connection.start-ok. Throws ConnectionError 503 for a mechanism that was not offered, 501 for
/// a malformed response.
[[nodiscard]] Credentials read_response(std::string_view mechanism, std::string_view response,
                                        std::string_view certificate_name);

}  // namespace pocketmq::broker
