#include "broker/message/edited_table.hpp"

#include <algorithm>

namespace pocketmq::broker {

using protocol::Field;

EditedTable::EditedTable(protocol::FieldTable original) {
  auto reader = original.fields();
  while (const auto field = reader.next()) fields_.push_back(*field);
}

const protocol::FieldValue* EditedTable::find(std::string_view name) const {
  const auto found = std::ranges::find(fields_, name, &Field::name);
  return found == fields_.end() ? nullptr : &found->value;
}

void EditedTable::set(std::string_view name, const protocol::FieldValue& value) {
  remove(name);
  fields_.push_back({name, value});
}

void EditedTable::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& field) { return field.name == name; });
}

protocol::FieldTableWriter EditedTable::sorted() const {
  auto in_order = fields_;
  std::ranges::stable_sort(in_order, {}, &Field::name);
  protocol::FieldTableWriter table;
  for (const auto& field : in_order) table.value(field.name, field.value);
  return table;
}

}  // namespace pocketmq::broker
