#include "protocol/vocabulary/field_table.hpp"

#include <algorithm>
#include <array>
#include <bit>

#include "protocol/base/big_endian.hpp"

namespace pocketmq::protocol {
namespace {

// What follows a type's octet: a fixed number of bytes, or a length and that many bytes.
constexpr std::int8_t begins_with_length = -1;
constexpr std::int8_t unknown_type = -2;
constexpr auto size_by_type = [] {
  std::array<std::int8_t, 256> sizes{};
  sizes.fill(unknown_type);
  const auto are = [&](std::string_view types, std::int8_t size) {
    for (const char type : types) sizes[static_cast<unsigned char>(type)] = size;
  };
  are("V", 0), are("tbB", 1), are("su", 2), are("Iif", 4), are("D", 5), are("lLdT", 8);
  are("SAFx", begins_with_length);
  return sizes;
}();

int size_of(char type) { return size_by_type[static_cast<unsigned char>(type)]; }

template <class Wire, class Signed> std::int64_t number(std::string_view bytes) {
  return static_cast<Signed>(load_big_endian<Wire>(bytes.data()));
}

// Appends `bytes` bytes and returns their address.
char* grow(std::string& text, std::size_t bytes) {
  const auto before = text.size();
  text.resize(before + bytes);
  return text.data() + before;
}

std::size_t size_of(const FieldValue& value) {
  const std::size_t length = size_of(value.type) == begins_with_length ? sizeof(std::uint32_t) : 0;
  return 1 + length + value.bytes.size();
}

void write(const FieldValue& value, char* to) {
  *to++ = value.type;
  if (size_of(value.type) == begins_with_length)
    to = store_big_endian(to, static_cast<std::uint32_t>(value.bytes.size()));
  std::copy(value.bytes.begin(), value.bytes.end(), to);
}

std::optional<std::string_view> find_fault(std::string_view encoded, FieldReader::Of of, unsigned depth_left) {
  FieldReader reader{encoded, of};
  while (const auto field = reader.next()) {
    const bool nests = field->value.type == 'F' || field->value.type == 'A';
    if (!nests) continue;
    if (depth_left == 0) return "tables are nested too deeply";
    const auto inner = field->value.type == 'F' ? FieldReader::Of::table : FieldReader::Of::array;
    if (const auto fault = find_fault(field->value.bytes, inner, depth_left - 1)) return fault;
  }
  if (reader.failed()) return "a field has an unknown type, or a length that runs past the table's end";
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> FieldValue::integer() const {
  switch (type) {
    case 'b': return number<std::uint8_t, std::int8_t>(bytes);
    case 'B': return number<std::uint8_t, std::uint8_t>(bytes);
    case 's': return number<std::uint16_t, std::int16_t>(bytes);
    case 'u': return number<std::uint16_t, std::uint16_t>(bytes);
    case 'I': return number<std::uint32_t, std::int32_t>(bytes);
    case 'i': return number<std::uint32_t, std::uint32_t>(bytes);
    case 'l':
    case 'L': return number<std::uint64_t, std::int64_t>(bytes);
    default: return std::nullopt;
  }
}

std::optional<double> FieldValue::real() const {
  if (type == 'f') return std::bit_cast<float>(load_big_endian<std::uint32_t>(bytes.data()));
  if (type == 'd') return std::bit_cast<double>(load_big_endian<std::uint64_t>(bytes.data()));
  return std::nullopt;
}

std::optional<std::uint64_t> FieldValue::timestamp() const {
  if (type != 'T') return std::nullopt;
  return load_big_endian<std::uint64_t>(bytes.data());
}

std::optional<std::string_view> FieldValue::string() const {
  if (type != 'S') return std::nullopt;
  return bytes;
}

std::optional<bool> FieldValue::boolean() const {
  if (type != 't') return std::nullopt;
  return bytes[0] != 0;
}

std::optional<FieldTable> FieldValue::table() const {
  if (type != 'F') return std::nullopt;
  return FieldTable{bytes};
}

// Returns false at the end and if the bytes are malformed.
[[gnu::always_inline]] inline bool FieldReader::read(Field& field) {
  if (rest_.empty() || failed_) return false;
  failed_ = true;  // until the field is read
  const char* at = rest_.data();
  const char* const end = at + rest_.size();
  const auto has = [&](std::size_t bytes) { return static_cast<std::size_t>(end - at) >= bytes; };

  if (of_ == Of::table) {
    const std::size_t size = static_cast<unsigned char>(*at++);
    if (!has(size)) return false;
    field.name = {at, size};
    at += size;
  }
  if (!has(1)) return false;
  field.value.type = *at++;
  const auto fixed_size = size_of(field.value.type);
  if (fixed_size == unknown_type) return false;
  auto size = static_cast<std::size_t>(fixed_size);
  if (fixed_size == begins_with_length) {
    if (!has(sizeof(std::uint32_t))) return false;
    size = load_big_endian<std::uint32_t>(at);
    at += sizeof(std::uint32_t);
  }
  if (!has(size)) return false;
  field.value.bytes = {at, size};
  at += size;
  rest_ = {at, static_cast<std::size_t>(end - at)};
  failed_ = false;
  return true;
}

std::optional<Field> FieldReader::next() {
  std::optional<Field> field{std::in_place};
  if (!read(*field)) field.reset();
  return field;
}

std::optional<FieldValue> FieldTable::find(std::string_view name) const {
  auto reader = fields();
  Field field;
  while (reader.read(field))
    if (field.name == name) return field.value;
  return std::nullopt;
}

std::optional<std::string_view> find_fault(FieldTable table, unsigned depth_max) {
  return find_fault(table.encoded(), FieldReader::Of::table, depth_max);
}

FieldArrayWriter& FieldArrayWriter::value(const FieldValue& value) {
  write(value, grow(encoded_, size_of(value)));
  return *this;
}

FieldTableWriter& FieldTableWriter::value(std::string_view name, const FieldValue& value) {
  char* to = grow(encoded_, 1 + name.size() + size_of(value));
  *to++ = static_cast<char>(name.size());
  to = std::copy(name.begin(), name.end(), to);
  write(value, to);
  return *this;
}

FieldTableWriter& FieldTableWriter::boolean(std::string_view name, bool truth) {
  return value(name, {'t', truth ? std::string_view{"\1", 1} : std::string_view{"\0", 1}});
}

FieldTableWriter& FieldTableWriter::int32(std::string_view name, std::int32_t number) {
  char bytes[4];
  store_big_endian(bytes, static_cast<std::uint32_t>(number));
  return value(name, {'I', {bytes, sizeof bytes}});
}

FieldTableWriter& FieldTableWriter::int64(std::string_view name, std::int64_t number) {
  char bytes[8];
  store_big_endian(bytes, static_cast<std::uint64_t>(number));
  return value(name, {'l', {bytes, sizeof bytes}});
}

FieldTableWriter& FieldTableWriter::timestamp(std::string_view name, std::uint64_t seconds) {
  char bytes[8];
  store_big_endian(bytes, seconds);
  return value(name, {'T', {bytes, sizeof bytes}});
}

FieldTableWriter& FieldTableWriter::string(std::string_view name, std::string_view text) {
  return value(name, {'S', text});
}

FieldTableWriter& FieldTableWriter::table(std::string_view name, FieldTable nested) {
  return value(name, {'F', nested.encoded()});
}

}  // namespace pocketmq::protocol
