#include "client/values/table.hpp"

#include <stdexcept>

#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::client {
namespace {

std::string_view checked(std::string_view name) {
  if (name.size() > protocol::ShortString::max_size_bytes)
    throw std::length_error{"a table's field name is longer than 255 bytes"};
  return name;
}

}  // namespace

Table& Table::add(std::string_view name, bool value) {
  fields_.boolean(checked(name), value);
  return *this;
}

Table& Table::add(std::string_view name, std::int64_t value) {
  fields_.int64(checked(name), value);
  return *this;
}

Table& Table::add(std::string_view name, std::string_view value) {
  fields_.string(checked(name), value);
  return *this;
}

Table& Table::add(std::string_view name, const Table& value) {
  fields_.table(checked(name), value.view());
  return *this;
}

std::optional<bool> Table::boolean(std::string_view name) const {
  const auto value = view().find(name);
  return value ? value->boolean() : std::nullopt;
}

std::optional<std::int64_t> Table::integer(std::string_view name) const {
  const auto value = view().find(name);
  return value ? value->integer() : std::nullopt;
}

std::optional<std::string> Table::string(std::string_view name) const {
  const auto value = view().find(name);
  const auto text = value ? value->string() : std::nullopt;
  return text ? std::optional<std::string>{*text} : std::nullopt;
}

std::optional<Table> Table::table(std::string_view name) const {
  const auto value = view().find(name);
  const auto nested = value ? value->table() : std::nullopt;
  return nested ? std::optional<Table>{Table{*nested}} : std::nullopt;
}

}  // namespace pocketmq::client
