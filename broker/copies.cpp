#include "broker/copies.hpp"

#include "broker/errors.hpp"
#include "broker/redeclaration.hpp"

namespace pocketmq::broker {
void check_copies(protocol::Properties properties) {
  const auto headers = properties.headers();
  if (!headers) return;
  for (const auto name : {copies_header, blind_copies_header}) {
    const auto value = headers->find(name);
    if (value && value->type != 'A')
      throw ChannelError{ReplyCode::precondition_failed, "invalid message: header '" + std::string{name} + "' is a "
                                                             + std::string{type_name(value->type)}
                                                             + "; an array of routing keys is wanted"};
  }
}

std::optional<protocol::FieldValue> find_blind_copies(protocol::Properties properties) {
  const auto headers = properties.headers();
  return headers ? headers->find(blind_copies_header) : std::nullopt;
}

std::string without_blind_copies(protocol::Properties properties) {
  auto visible = properties.decode();
  protocol::FieldTableWriter headers;
  for (auto reader = visible.headers->fields(); const auto header = reader.next();)
    if (header->name != blind_copies_header) headers.value(header->name, header->value);
  visible.headers = headers.table();
  std::string encoded;
  encode(visible, encoded);
  return encoded;
}

}  // namespace pocketmq::broker
