#include "broker/message/copies.hpp"

#include "broker/core/errors.hpp"
#include "broker/core/redeclaration.hpp"

namespace pocketmq::broker {

std::optional<protocol::FieldValue> find_blind_copies(protocol::Properties properties) {
  const auto headers = properties.headers();
  if (!headers) return std::nullopt;
  std::optional<protocol::FieldValue> copies, blind_copies;
  for (auto reader = headers->fields(); const auto header = reader.next();) {
    auto* found = header->name == copies_header         ? &copies
                  : header->name == blind_copies_header ? &blind_copies
                                                        : nullptr;
    if (found == nullptr || *found) continue;  // only the first header of a name counts
    if (header->value.type != 'A')
      throw ChannelError{ReplyCode::precondition_failed, "invalid message: header '" + std::string{header->name}
                                                             + "' is a " + std::string{type_name(header->value.type)}
                                                             + "; an array of routing keys is wanted"};
    *found = header->value;
  }
  return blind_copies;
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
