// A field table that owns its data: arguments of a declaration, or headers of a message.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::client {

/// Built field by field: `Table{}.add("x-queue-type", "quorum").add("x-max-length", 10)`. It keeps the encoded bytes,
/// so a received table can be sent on unchanged. A name longer than 255 bytes throws std::length_error.
class Table {
 public:
  Table() = default;
  /// A copy of the view.
  explicit Table(protocol::FieldTable view) : fields_{view} {}

  Table& add(std::string_view name, bool value);
  Table& add(std::string_view name, std::int64_t value);
  Table& add(std::string_view name, std::string_view value);
  Table& add(std::string_view name, const char* value) { return add(name, std::string_view{value}); }
  Table& add(std::string_view name, const Table& value);
  Table& add(std::string_view name, std::integral auto value) { return add(name, static_cast<std::int64_t>(value)); }

  [[nodiscard]] bool empty() const { return view().empty(); }
  /// The first field of that name, if it has that type. `integer` takes all of AMQP's integer types.
  [[nodiscard]] std::optional<bool> boolean(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const;
  [[nodiscard]] std::optional<std::string> string(std::string_view name) const;
  [[nodiscard]] std::optional<Table> table(std::string_view name) const;

  /// The whole table, for types without a function here. Valid until the table changes or is destroyed.
  [[nodiscard]] protocol::FieldTable view() const { return fields_.table(); }

  friend bool operator==(const Table& a, const Table& b) { return a.view() == b.view(); }

 private:
  protocol::FieldTableWriter fields_;
};

}  // namespace pocketmq::client
