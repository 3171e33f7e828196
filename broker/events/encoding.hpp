// Events as bytes, for those that keep them. The bytes are for this process only: they have no version. What is read
// back are views into them.
#pragma once

#include <algorithm>
#include <cassert>
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

/// Appends values to `to`. Numbers take a byte for seven bits.
class Writer {
 public:
  explicit Writer(std::string& to) : to_{to} {}

  void write(bool value) { to_ += static_cast<char>(value); }
  void write(std::uint64_t number) {
    for (; number >= 0x80; number >>= 7) to_ += static_cast<char>(number | 0x80U);
    to_ += static_cast<char>(number);
  }
  void write(std::uint32_t number) { write(std::uint64_t{number}); }
  void write(std::uint16_t number) { write(std::uint64_t{number}); }
  void write(std::uint8_t number) { write(std::uint64_t{number}); }
  // Small negative numbers are short, too: 0, -1, 1, -2, ... are written as 0, 1, 2, 3, ...
  void write(std::int64_t number) {
    const auto sign = static_cast<std::uint64_t>(number >> 63);
    write(static_cast<std::uint64_t>(number) << 1U ^ sign);
  }
  template <NamedEnum E> void write(E value) { write(static_cast<std::uint64_t>(value)); }
  void write(std::optional<std::uint64_t> number) {
    write(number.has_value());
    if (number) write(*number);
  }
  void write_bytes(std::string_view bytes) {
    write(bytes.size());
    to_ += bytes;
  }
  void write(Text text) { write_bytes(text.view()); }
  // The sizes of these are fields of their own.
  void write(const Body& body) { write_bytes(body.shown); }
  void write(const Arguments& arguments) { write_bytes(arguments.table.encoded()); }
  void write(const MessageProperties& properties) { write_bytes(properties.properties.encoded()); }
  template <class T> void write(const List<T>& list);
  template <Described T> void write(const T& value) {
    T::describe(value, [this](const FieldName&, const auto& field) { write(field); });
  }

 private:
  std::string& to_;
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

/// Texts, or described structs. Of very many only the first are here; a field beside the list says how many there are.
template <class T> class List {
 public:
  List() = default;
  List(std::span<const T> whole) : elements_{whole.first(std::min(whole.size(), Bounds::list_elements))} {}
  /// What a Writer has written.
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

template <class T> void Writer::write(const List<T>& list) {
  write(list.size());
  const auto place = to_.size();
  to_.append(sizeof(ListBytes), '\0');
  list.for_each([&](const T& element) { write(element); });
  const auto bytes = static_cast<ListBytes>(to_.size() - place - sizeof(ListBytes));
  std::memcpy(to_.data() + place, &bytes, sizeof bytes);
}

template <class T> void Reader::read(List<T>& list) {
  const auto size = static_cast<std::size_t>(number());
  ListBytes list_bytes = 0;
  std::memcpy(&list_bytes, take(sizeof list_bytes).data(), sizeof list_bytes);
  list = {take(list_bytes), size};
}

}  // namespace pocketmq::broker::event
