#include "broker/journal/schema.hpp"

#include <concepts>
#include <optional>
#include <utility>

#include "broker/events/event.hpp"
#include "broker/journal/member_name.hpp"
#include "protocol/codec/json_text.hpp"

namespace pocketmq::broker {
namespace {

using event::FieldName;
using protocol::append_json_string;

template <class T> inline constexpr bool is_list = false;
template <class T> inline constexpr bool is_list<event::List<T>> = true;

// Describes the type of a field as members of a JSON object.
template <class T> struct TypeName;
template <> struct TypeName<bool> { static constexpr std::string_view text = "boolean"; };
template <std::unsigned_integral T> struct TypeName<T> { static constexpr std::string_view text = "unsigned"; };
template <> struct TypeName<std::optional<std::uint64_t>> : TypeName<std::uint64_t> {};
template <> struct TypeName<std::int64_t> { static constexpr std::string_view text = "integer"; };
template <> struct TypeName<event::Text> { static constexpr std::string_view text = "text"; };
template <> struct TypeName<event::Body> { static constexpr std::string_view text = "body"; };
template <> struct TypeName<event::Arguments> { static constexpr std::string_view text = "table"; };
template <> struct TypeName<event::MessageProperties> { static constexpr std::string_view text = "properties"; };
template <event::NamedEnum T> struct TypeName<T> { static constexpr std::string_view text = "name"; };
template <event::Described T> struct TypeName<T> { static constexpr std::string_view text = "object"; };
template <class T> struct TypeName<event::List<T>> { static constexpr std::string_view text = "list"; };

template <class T> void append_fields(std::string& to);

template <class T> void append_type(std::string& to) {
  append_member_name("type", to);
  append_json_string(TypeName<T>::text, to);
  if constexpr (event::NamedEnum<T>) {
    append_member_name("values", to);
    auto separator = '[';
    for (const auto name : event::names_of<T>) {
      to += std::exchange(separator, ',');
      append_json_string(name, to);
    }
    to += ']';
  } else if constexpr (event::Described<T>) {
    append_fields<T>(to);
  }
}

template <class T> void append_element_type(const event::List<T>&, std::string& to) {
  append_member_name("of", to);
  to += '{';
  append_type<T>(to);
  to += '}';
}

template <class T> void append_fields(std::string& to) {
  append_member_name("fields", to);
  to += '[';
  T value{};
  T::describe(value, [&to, is_first = true]<class Field>(const FieldName& name, const Field& field) mutable {
    to += std::exchange(is_first, false) ? "{" : ",{";
    append_member_name("name", to);
    append_json_string(name.text(), to);
    append_type<Field>(to);
    if constexpr (is_list<Field>) append_element_type(field, to);
    append_member_name("optional", to);
    to += name.is_optional() ? "true}" : "false}";
  });
  to += ']';
}

}  // namespace

std::string journal_schema() {
  std::string schema = "{\"journal\":" + std::to_string(journal_schema_version) + ",\"kinds\":[";
  event::for_each_kind([&schema, is_first = true]<class E>() mutable {
    schema += std::exchange(is_first, false) ? "{" : ",{";
    append_member_name("kind", schema);
    append_json_string(E::kind.name, schema);
    append_member_name("category", schema);
    append_json_string(name_of(E::kind.category), schema);
    append_fields<E>(schema);
    schema += '}';
  });
  return schema + "]}";
}

}  // namespace pocketmq::broker
