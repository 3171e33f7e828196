// Random methods, tables, properties and contents, from their descriptions. The seed makes them again.
#pragma once

#include <deque>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "protocol/codec/codec.hpp"

namespace pocketmq::tests {

class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_{seed} {}

  /// Any value from 0 to `max`.
  std::uint64_t up_to(std::uint64_t max) { return max == ~0ULL ? random_() : random_() % (max + 1); }
  bool chance(unsigned one_in) { return up_to(one_in - 1) == 0; }

  /// A method with all fields set that travel in `encoding`. Its views live as long as the generator.
  template <class M> M method(protocol::Encoding encoding) {
    M made;
    M::describe(made, [&](const protocol::FieldName& name, auto& value) {
      if (encoding == protocol::Encoding::amqp ? name.in_amqp() : name.in_json()) fill(value);
    });
    return made;
  }

  protocol::BasicProperties properties() {
    protocol::BasicProperties made;
    protocol::BasicProperties::describe(made, [&](const protocol::FieldName&, auto& property) {
      if (chance(2)) fill(property.emplace());
    });
    return made;
  }

  protocol::Content content(std::size_t body_max_bytes) {
    auto& encoded = texts_.emplace_back();
    encode(properties(), encoded);
    return {.properties = protocol::Properties{encoded}, .body = keep(bytes(up_to(body_max_bytes)))};
  }

  protocol::FieldTable table(unsigned depth_left = 4) {
    protocol::FieldTableWriter writer;
    for (auto fields = up_to(6); fields > 0; --fields) writer.value(name(), value(depth_left));
    return protocol::FieldTable{keep(std::string{writer.table().encoded()})};
  }

  std::string bytes(std::uint64_t size) {
    std::string made;
    for (; size > 0; --size) made += static_cast<char>(up_to(255));
    return made;
  }

  /// UTF-8 most of the time, and now and then not.
  std::string text(std::uint64_t size_max) {
    if (chance(8)) return bytes(up_to(size_max));
    std::string made;
    for (auto characters = up_to(size_max / 4); characters > 0; --characters)
      made += alphabet[up_to(std::size(alphabet) - 1)];
    return made;
  }

 private:
  static constexpr std::string_view alphabet[] = {"a",  "Z",        "0", "_",  "-",  ".",     " ", "$",
                                                  "\"", "\\",       "/", "\n", "\t", "\x7f",  "é", "€",
                                                  "😀",  "\xc2\x85", "{", "}",  ":",  "\u2028"};

  void fill(bool& value) { value = chance(2); }
  template <std::unsigned_integral T> void fill(T& value) {
    value = chance(4) ? std::numeric_limits<T>::max() : static_cast<T>(random_());
  }
  void fill(protocol::ShortString& value) { value = keep(text(255)); }
  void fill(protocol::LongString& value) { value = keep(text(600)); }
  void fill(protocol::FieldTable& value) { value = table(); }

  std::string_view keep(std::string bytes) { return texts_.emplace_back(std::move(bytes)); }

  std::string name() { return chance(4) ? "x-same" : chance(8) ? "$int8" : text(40); }

  protocol::FieldValue value(unsigned depth_left) {
    constexpr std::string_view types = "tbBsuIilLfdDSTVxAF";
    const char type = types[up_to(types.size() - (depth_left == 0 ? 3 : 1))];
    switch (type) {
      case 'V': return {type, {}};
      case 't': return {type, keep(chance(2) ? bytes(1) : std::string(1, chance(2) ? '\1' : '\0'))};
      case 'b':
      case 'B': return {type, keep(bytes(1))};
      case 's':
      case 'u': return {type, keep(bytes(2))};
      case 'I':
      case 'i': return {type, keep(bytes(4))};
      case 'D': return {type, keep(bytes(5))};
      case 'f': return {type, keep(real(4))};
      case 'l':
      case 'L': return {type, keep(chance(2) ? bytes(8) : std::string(6, '\0') + bytes(2))};
      case 'T': return {type, keep(bytes(8))};
      case 'd': return {type, keep(real(8))};
      case 'F': return {type, table(depth_left - 1).encoded()};
      case 'A': return {type, array(depth_left - 1)};
      default: return {type, keep(text(80))};  // S, x
    }
  }

  // Often one of those with all bits of the exponent set: infinities and the many kinds of NaN.
  std::string real(std::size_t size) {
    if (!chance(2)) return bytes(size);
    std::string made{chance(2) ? '\x7f' : '\xff'};
    made += size == 4 ? '\x80' : '\xf0';
    made += chance(2) ? std::string(size - 2, '\0') : bytes(size - 2);
    return made;
  }

  // The values of a table without their names.
  std::string_view array(unsigned depth_left) {
    std::string made;
    for (auto elements = up_to(4); elements > 0; --elements) {
      protocol::FieldTableWriter writer;
      writer.value("", value(depth_left));
      made += writer.table().encoded().substr(1);
    }
    return keep(std::move(made));
  }

  std::mt19937_64 random_;
  std::deque<std::string> texts_;
};

}  // namespace pocketmq::tests
