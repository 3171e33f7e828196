#include "broker/access/sasl.hpp"

#include <string>

#include "broker/core/errors.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {
namespace {

constexpr unsigned amqplain_depth_max = 1;

[[noreturn]] void refuse_response(std::string_view mechanism, std::string_view shape) {
  throw ConnectionError{ReplyCode::frame_error, "malformed response of SASL mechanism " + std::string{mechanism}
                                                    + ": it is " + std::string{shape}};
}

Credentials read_plain(std::string_view response) {
  const auto user_at = response.find('\0');
  const auto password_at = user_at == response.npos ? response.npos : response.find('\0', user_at + 1);
  if (user_at != 0 || password_at == response.npos)
    refuse_response("PLAIN", "a zero octet, the user, a zero octet, the password");
  return {response.substr(1, password_at - 1), response.substr(password_at + 1)};
}

Credentials read_amqplain(std::string_view response) {
  const protocol::FieldTable table{response};
  if (!find_fault(table, amqplain_depth_max)) {
    const auto user = table.find("LOGIN");
    const auto password = table.find("PASSWORD");
    if (user && user->string() && password && password->string()) return {*user->string(), *password->string()};
  }
  refuse_response("AMQPLAIN", "a field table with the strings LOGIN and PASSWORD, without its length");
}

}  // namespace

std::string_view sasl_mechanisms(std::string_view certificate_name) {
  return certificate_name.empty() ? "PLAIN AMQPLAIN" : "EXTERNAL PLAIN AMQPLAIN";
}

Credentials read_response(std::string_view mechanism, std::string_view response, std::string_view certificate_name) {
  if (mechanism == "PLAIN") return read_plain(response);
  if (mechanism == "AMQPLAIN") return read_amqplain(response);
  if (mechanism == "EXTERNAL" && !certificate_name.empty()) return {.user = certificate_name};
  throw ConnectionError{ReplyCode::command_invalid, "unknown SASL mechanism '" + std::string{mechanism}
                                                        + "'; offered are "
                                                        + std::string{sasl_mechanisms(certificate_name)}};
}

}  // namespace pocketmq::broker
