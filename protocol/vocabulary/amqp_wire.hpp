// Visitors of a method's description that read, measure and write AMQP's wire types (4.2.5).
#pragma once

#include <cstring>
#include <optional>
#include <string>

#include "protocol/base/big_endian.hpp"
#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::protocol {

/// Reads fields in order, and never beyond its bytes. Afterwards `fault()` says what was wrong, if anything was.
///
/// The functions that are called for each field are always inlined. Then a field's name costs nothing.
class WireReader {
 public:
  WireReader(std::string_view bytes, unsigned table_depth_max) : rest_{bytes}, table_depth_max_{table_depth_max} {}

  template <class T> [[gnu::always_inline]] void operator()(const FieldName& name, T& value) {
    if (!name.in_amqp()) return;
    read(value);
    if (fault_ && !faulty_field_) faulty_field_ = name.text();
  }

  template <class T>
  requires std::unsigned_integral<T> &&(!std::same_as<T, bool>) [[gnu::always_inline]] void read(T& value) {
    if (const char* from = take(sizeof(T))) value = load_big_endian<T>(from);
  }

  // Consecutive bits share an octet, the lowest bit first.
  [[gnu::always_inline]] void read(bool& value) {
    if (bits_left_ == 0) {
      const char* from = take(1);
      if (from == nullptr) return;
      bits_ = static_cast<unsigned char>(*from);
      bits_left_ = 8;
    }
    value = (bits_ & 1U) != 0;
    bits_ >>= 1U;
    --bits_left_;
  }

  [[gnu::always_inline]] void read(ShortString& value) {
    std::uint8_t size = 0;
    read(size);
    if (const char* from = take(size)) value = ShortString{std::string_view{from, size}};
  }

  void read(LongString& value) { value = read_long(); }

  void read(FieldTable& value) {
    value = FieldTable{read_long()};
    if (!fault_) fault_ = find_fault(value, table_depth_max_);
  }

  /// Whether all fields were read without a fault and no bytes are left.
  [[nodiscard]] bool is_done() const { return !fault_ && rest_.empty(); }
  /// What is wrong, with the field's name; nothing if all is well.
  [[nodiscard]] [[gnu::always_inline]] std::optional<std::string> fault() const {
    if (is_done()) return std::nullopt;
    return fault_text();
  }

 private:
  [[nodiscard]] std::string fault_text() const {
    if (fault_) return "field '" + std::string{faulty_field_.value_or("")} + "': " + std::string{*fault_};
    return std::to_string(rest_.size()) + " bytes are left over after the last field";
  }

  std::string_view read_long() {
    std::uint32_t size = 0;
    read(size);
    const char* from = take(size);
    return from == nullptr ? std::string_view{} : std::string_view{from, size};
  }

  [[gnu::always_inline]] const char* take(std::size_t size) {
    bits_left_ = 0;
    if (fault_) return nullptr;
    if (size > rest_.size()) {
      fault_ = "the bytes end before it does";
      return nullptr;
    }
    const char* from = rest_.data();
    rest_.remove_prefix(size);
    return from;
  }

  std::string_view rest_;
  unsigned table_depth_max_;
  unsigned bits_{0};
  unsigned bits_left_{0};
  std::optional<std::string_view> fault_;
  std::optional<std::string_view> faulty_field_;
};

/// Adds up the fields' sizes in bytes, as they are encoded.
class WireMeasure {
 public:
  template <class T> void operator()(const FieldName& name, const T& value) {
    if (name.in_amqp()) add(value);
  }

  template <class T>
  requires std::unsigned_integral<T> &&(!std::same_as<T, bool>)void add(T) {
    size_ += sizeof(T);
    bits_ = 0;
  }
  void add(bool) {
    if (bits_ % 8 == 0) ++size_;
    ++bits_;
  }
  void add(ShortString value) { add_bytes(1 + value.size()); }
  void add(LongString value) { add_bytes(4 + value.size()); }
  void add(FieldTable value) { add_bytes(4 + value.encoded().size()); }

  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  void add_bytes(std::size_t bytes) {
    size_ += bytes;
    bits_ = 0;
  }

  std::size_t size_{0};
  unsigned bits_{0};
};

/// Writes fields to memory whose size a `WireMeasure` has computed.
class WireWriter {
 public:
  explicit WireWriter(char* to) : to_{to} {}

  template <class T> void operator()(const FieldName& name, const T& value) {
    if (name.in_amqp()) write(value);
  }

  template <class T>
  requires std::unsigned_integral<T> &&(!std::same_as<T, bool>)void write(T value) {
    to_ = store_big_endian(to_, value);
    bits_ = 0;
  }
  void write(bool value) {
    if (bits_ % 8 == 0) *to_++ = 0;
    if (value) to_[-1] = static_cast<char>(static_cast<unsigned char>(to_[-1]) | (1U << (bits_ % 8)));
    ++bits_;
  }
  void write(ShortString value) {
    write(static_cast<std::uint8_t>(value.size()));
    write_bytes(value);
  }
  void write(LongString value) {
    write(static_cast<std::uint32_t>(value.size()));
    write_bytes(value);
  }
  void write(FieldTable value) {
    write(static_cast<std::uint32_t>(value.encoded().size()));
    write_bytes(value.encoded());
  }
  void write_bytes(std::string_view bytes) {
    if (!bytes.empty()) std::memcpy(to_, bytes.data(), bytes.size());
    to_ += bytes.size();
  }

  [[nodiscard]] char* end() const { return to_; }

 private:
  char* to_;
  unsigned bits_{0};
};

}  // namespace pocketmq::protocol
