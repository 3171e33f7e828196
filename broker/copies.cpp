#include "broker/copies.hpp"

#include "broker/errors.hpp"
#include "broker/redeclaration.hpp"

namespace pocketmq::broker {
namespace {

std::optional<protocol::FieldValue> find_header(const std::optional<protocol::FieldTable>& headers,
                                                std::string_view name) {
  return headers ? headers->find(name) : std::nullopt;
}

}  // namespace

void check_copies(const protocol::BasicProperties& properties) {
  for (const auto name : {copies_header, blind_copies_header}) {
    const auto value = find_header(properties.headers, name);
    if (value && value->type != 'A')
      throw ChannelError{ReplyCode::precondition_failed, "invalid message: header '" + std::string{name} + "' is a "
                                                             + std::string{type_name(value->type)}
                                                             + "; an array of routing keys is wanted"};
  }
}

std::optional<protocol::FieldValue> find_blind_copies(protocol::Properties properties) {
  return find_header(properties.headers(), blind_copies_header);
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
