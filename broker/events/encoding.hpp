// Events as bytes, for code that stores them. Only this process can read the bytes: they have no version. What is read
// back are views into the bytes.
#pragma once

#include <algorithm>
#include <cassert>
#include <concepts>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "broker/events/values.hpp"

namespace pocketmq::broker::event {

/// A struct whose `describe` names its fields.
template <class T>
concept Described = requires(T& value) {
  T::describe(value, [](const FieldName&, auto&) {});
};

template <class T> class List;
using ListBytes = std::uint32_t;  // how many bytes a list's elements take

/// How many bytes a Writer takes at most.
class SizeBound {
 public:
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

  template <std::integral T> void add(T) { bytes_ += sizeof(T) * 8 / 7 + 1; }
  template <NamedEnum E> void add(E value) { add(static_cast<std::uint8_t>(value)); }
  void add(std::optional<std::uint64_t> number) { bytes_ += 1 + (number ? number_max_bytes : 0); }
  void add_bytes(std::string_view bytes) { bytes_ += number_max_bytes + bytes.size(); }
  void add(Text text) { add_bytes(text.view()); }
  void add(const Body& body) { add_bytes(body.shown); }
  void add(const Arguments& arguments) { add_bytes(arguments.table.encoded()); }
  void add(const MessageProperties& properties) { add_bytes(properties.properties.encoded()); }
  template <class T> void add(const List<T>& list) {
    bytes_ += number_max_bytes + sizeof(ListBytes);
    list.for_each([this](const T& element) { add(element); });
  }
  template <Described T> void add(const T& value) {
    T::describe(value, [this](const FieldName&, const auto& field) { add(field); });
  }

 private:
  static constexpr std::size_t number_max_bytes = 10;

  std::size_t bytes_{0};
};

/// Writes values one after the other. There must be room for them (SizeBound). Each byte of a number holds seven of its
/// bits.
class Writer {
 public:
  explicit Writer(char* to) : at_{to} {}

  /// The end of what was written.
  [[nodiscard]] char* end() const { return at_; }

  void write(bool value) { *at_++ = static_cast<char>(value); }
  template <std::unsigned_integral T> void write(T value) {
    std::uint64_t number = value;
    for (; number >= 0x80; number >>= 7U) *at_++ = static_cast<char>(number | 0x80U);
    *at_++ = static_cast<char>(number);
  }
  // Small negative numbers are short too: 0, -1, 1, -2, ... are written as 0, 1, 2, 3, ...
  void write(std::int64_t number) {
    const auto sign = static_cast<std::uint64_t>(number >> 63U);
    write(static_cast<std::uint64_t>(number) << 1U ^ sign);
  }
  template <NamedEnum E> void write(E value) { write(static_cast<std::uint8_t>(value)); }
  void write(std::optional<std::uint64_t> number) {
    write(number.has_value());
    if (number) write(*number);
  }
  void write_bytes(std::string_view bytes) {
    write(bytes.size());
    if (!bytes.empty()) std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }
  void write(Text text) { write_bytes(text.view()); }
  // The sizes of these values are fields of their own.
  void write(const Body& body) { write_bytes(body.shown); }
  void write(const Arguments& arguments) { write_bytes(arguments.table.encoded()); }
  void write(const MessageProperties& properties) { write_bytes(properties.properties.encoded()); }
  template <class T> void write(const List<T>& list) {
    write(list.size());
    auto* const place = at_;
    at_ += sizeof(ListBytes);
    list.for_each([&](const T& element) { write(element); });
    const auto bytes = static_cast<ListBytes>(at_ - place - static_cast<std::ptrdiff_t>(sizeof(ListBytes)));
    std::memcpy(place, &bytes, sizeof bytes);
  }
  template <Described T> void write(const T& value) {
    T::describe(value, [this](const FieldName&, const auto& field) { write(field); });
  }

 private:
  char* at_;
};

/// Reads what a Writer has written, in the same order.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_{bytes} {}

  [[nodiscard]] std::uint64_t number() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(next());
      number |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) break;
    }
    return number;
  }
  [[nodiscard]] std::string_view bytes() { return take(static_cast<std::size_t>(number())); }

  void read(bool& value) { value = next() != 0; }
  template <std::unsigned_integral T> void read(T& value) { value = static_cast<T>(number()); }
  void read(std::int64_t& value) {
    const auto written = number();
    value = static_cast<std::int64_t>(written >> 1U ^ (~(written & 1U) + 1U));
  }
  template <NamedEnum E> void read(E& value) { value = static_cast<E>(number()); }
  void read(std::optional<std::uint64_t>& value) {
    if (bool is_there = false; read(is_there), is_there) value = number();
  }
  void read(Text& text) { text = bytes(); }
  void read(Body& body) { body.shown = bytes(); }
  void read(Arguments& arguments) { arguments.table = protocol::FieldTable{bytes()}; }
  void read(MessageProperties& properties) { properties.properties = protocol::Properties{bytes()}; }
  template <class T> void read(List<T>& list);
  template <Described T> void read(T& value) {
    T::describe(value, [this](const FieldName&, auto& field) { read(field); });
  }

 private:
  [[nodiscard]] std::string_view take(std::size_t size) {
    assert(size <= rest_.size());
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  [[nodiscard]] char next() { return take(1).front(); }

  std::string_view rest_;
};

/// A list of texts or described structs. A long list has only its first elements here (`Bounds::list_elements`); a
/// field beside the list says how many there are.
template <class T> class List {
 public:
  List() = default;
  List(std::span<const T> whole) : elements_{whole.first(std::min(whole.size(), Bounds::list_elements))} {}
  /// A list that a Writer has written.
  List(std::string_view encoded, std::size_t size) : encoded_{encoded}, encoded_size_{size} {}

  [[nodiscard]] std::size_t size() const { return elements_.size() + encoded_size_; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  template <class Visit> void for_each(Visit&& visit) const {
    for (const auto& element : elements_) visit(element);
    Reader reader{encoded_};
    for (std::size_t i = 0; i < encoded_size_; ++i) {
      T element{};
      reader.read(element);
      visit(std::as_const(element));
    }
  }

 private:
  std::span<const T> elements_;
  std::string_view encoded_;
  std::size_t encoded_size_{0};
};

template <class T> void Reader::read(List<T>& list) {
  const auto size = static_cast<std::size_t>(number());
  ListBytes list_bytes = 0;
  std::memcpy(&list_bytes, take(sizeof list_bytes).data(), sizeof list_bytes);
  list = {take(list_bytes), size};
}

}  // namespace pocketmq::broker::event
