// Field tables (AMQP 0-9-1, 4.2.5.5, with RabbitMQ's type octets), as views of their encoded bytes.
//
// A table is carried, compared and stored as the bytes that came. It is decoded only where a value is needed. A codec
// has checked each `FieldTable` and array that it hands out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace pocketmq::protocol {

class FieldTable;

/// One value: its type octet and the bytes after it (of `S`, `x`, `A` and `F` without the length).
struct FieldValue {
  char type{'V'};
  std::string_view bytes{};

  /// The number, for the integer types `b B s u I i l L`; nothing for any other type.
  [[nodiscard]] std::optional<std::int64_t> integer() const;
  /// The number, for `f` and `d`.
  [[nodiscard]] std::optional<double> real() const;
  /// Seconds since the epoch, for `T`.
  [[nodiscard]] std::optional<std::uint64_t> timestamp() const;
  /// The text, for `S`.
  [[nodiscard]] std::optional<std::string_view> string() const;
  /// The truth value, for `t`.
  [[nodiscard]] std::optional<bool> boolean() const;
  /// The nested table, for `F`. Valid as long as the bytes.
  [[nodiscard]] std::optional<FieldTable> table() const;

  friend bool operator==(const FieldValue&, const FieldValue&) = default;
};

struct Field {
  std::string_view name{};
  FieldValue value{};
};

/// Reads the fields of an encoded table, or the values of an encoded array (which have no names), in order. Never reads
/// beyond its bytes. `failed()` says whether reading stopped because the bytes are malformed.
class FieldReader {
 public:
  enum class Of : std::uint8_t { table, array };

  FieldReader(std::string_view encoded, Of of) : rest_{encoded}, of_{of} {}

  /// The next field. Nothing at the end and if the bytes are malformed.
  std::optional<Field> next();
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  friend class FieldTable;

  bool read(Field& field);

  std::string_view rest_;
  Of of_;
  bool failed_{false};
};

/// A table's encoded fields, without the leading length.
class FieldTable {
 public:
  constexpr FieldTable() = default;
  constexpr explicit FieldTable(std::string_view encoded) : encoded_{encoded} {}

  [[nodiscard]] constexpr std::string_view encoded() const { return encoded_; }
  [[nodiscard]] constexpr bool empty() const { return encoded_.empty(); }
  /// The fields in order. The reader's views are valid as long as the table's bytes.
  [[nodiscard]] FieldReader fields() const { return {encoded_, FieldReader::Of::table}; }
  /// The value of the first field with that name.
  [[nodiscard]] std::optional<FieldValue> find(std::string_view name) const;

  friend constexpr bool operator==(FieldTable, FieldTable) = default;

 private:
  std::string_view encoded_;
};

/// Why `table` is malformed or has more than `depth_max` nested tables and arrays; nothing if it is well-formed.
[[nodiscard]] std::optional<std::string_view> find_fault(FieldTable table, unsigned depth_max);

/// Writes an encoded array, value by value.
class FieldArrayWriter {
 public:
  FieldArrayWriter& string(std::string_view value) { return this->value({'S', value}); }
  FieldArrayWriter& table(FieldTable value) { return this->value({'F', value.encoded()}); }
  /// Appends any value.
  FieldArrayWriter& value(const FieldValue& value);

  /// The array as a value. Valid until the writer's next change.
  [[nodiscard]] FieldValue array() const { return {'A', encoded_}; }

 private:
  std::string encoded_;
};

/// Writes an encoded table, field by field. The result of `table()` is valid until the writer's next change.
class FieldTableWriter {
 public:
  FieldTableWriter() = default;
  /// Begins with the fields of `first`.
  explicit FieldTableWriter(FieldTable first) : encoded_{first.encoded()} {}
  /// Begins again with the fields of `first`, and reuses its memory.
  FieldTableWriter& assign(FieldTable first) {
    encoded_ = first.encoded();
    return *this;
  }

  FieldTableWriter& boolean(std::string_view name, bool value);
  FieldTableWriter& int32(std::string_view name, std::int32_t value);
  FieldTableWriter& int64(std::string_view name, std::int64_t value);
  FieldTableWriter& string(std::string_view name, std::string_view value);
  /// Seconds since the epoch.
  FieldTableWriter& timestamp(std::string_view name, std::uint64_t value);
  FieldTableWriter& table(std::string_view name, FieldTable value);
  /// Appends any value.
  FieldTableWriter& value(std::string_view name, const FieldValue& value);

  [[nodiscard]] FieldTable table() const { return FieldTable{encoded_}; }

 private:
  std::string encoded_;
};

}  // namespace pocketmq::protocol
