#include "broker/request/plain_json.hpp"

#include <type_traits>

#include <nlohmann/json.hpp>

#include "protocol/base/printable.hpp"
#include "protocol/base/utf8.hpp"

namespace pocketmq::broker {
namespace {

using Json = nlohmann::ordered_json;

// Tables nest at most 64 deep: the codecs have checked that.
Json json_of_value(const protocol::FieldValue& value) {
  if (const auto text = value.string()) return plain_json_of(*text);
  if (const auto integer = value.integer()) return *integer;
  if (const auto real = value.real()) return *real;
  if (const auto truth = value.boolean()) return *truth;
  if (const auto time = value.timestamp()) return *time;
  if (const auto table = value.table()) return plain_json_of(*table);
  if (value.type == 'x') return plain_json_of(value.bytes);
  if (value.type == 'A') {
    auto array = Json::array();
    protocol::FieldReader reader{value.bytes, protocol::FieldReader::Of::array};
    while (const auto field = reader.next()) array.push_back(json_of_value(field->value));
    return array;
  }
  return nullptr;
}

}  // namespace

Json plain_json_of(std::string_view text) {
  return protocol::is_utf8(text) ? std::string{text} : protocol::printable(text);
}

Json plain_json_of(protocol::FieldTable table) {
  auto json = Json::object();
  auto fields = table.fields();
  while (const auto field = fields.next()) json[protocol::printable(field->name)] = json_of_value(field->value);
  return json;
}

Json plain_json_of(protocol::Properties properties) {
  auto json = Json::object();
  const auto values = properties.decode();
  protocol::BasicProperties::describe(values, [&json](const protocol::FieldName& name, const auto& value) {
    using Value = typename std::remove_cvref_t<decltype(value)>::value_type;
    if (!value) return;
    if constexpr (std::is_integral_v<Value>)
      json[std::string{name.text()}] = *value;
    else if constexpr (!std::is_same_v<Value, protocol::FieldTable>)
      json[std::string{name.text()}] = plain_json_of(std::string_view{*value});
  });
  return json;
}

}  // namespace pocketmq::broker
