// A field table that is being changed. As on RabbitMQ, which sorts a table when it sets a field of it, the outcome is
// in the order of the names.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// Views of names and values: all of them must outlive it.
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
