// A field table that can be changed. The result is sorted by name, because RabbitMQ sorts a table when it sets a field.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// Holds views of names and values, which must outlive it.
class EditedTable {
 public:
  explicit EditedTable(protocol::FieldTable original);

  [[nodiscard]] std::size_t size() const { return fields_.size(); }
  [[nodiscard]] const protocol::FieldValue* find(std::string_view name) const;
  void set(std::string_view name, const protocol::FieldValue& value);
  void remove(std::string_view name);

  [[nodiscard]] protocol::FieldTableWriter sorted() const;

 private:
  std::vector<protocol::Field> fields_;
};

}  // namespace pocketmq::broker
