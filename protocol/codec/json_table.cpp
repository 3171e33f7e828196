#include "protocol/codec/json_table.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <nlohmann/json.hpp>

#include "protocol/base/base64.hpp"
#include "protocol/base/big_endian.hpp"
#include "protocol/base/utf8.hpp"
#include "protocol/codec/json_parse.hpp"
#include "protocol/vocabulary/secrets.hpp"
#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::protocol {
namespace {

using Json = nlohmann::ordered_json;
using Fault = std::optional<std::string>;

// Types that are written as an integer with a tag. `t` has a tag for octets other than 0 and 1, `l` for values that
// would be read as `I`.
struct IntegerTag {
  std::string_view tag;
  char type;
  std::size_t size_bytes;
  std::int64_t min;
  std::uint64_t max;
};

template <class Integer> constexpr IntegerTag integer_tag(std::string_view tag, char type) {
  using Limits = std::numeric_limits<Integer>;
  return {tag, type, sizeof(Integer), Limits::min(), static_cast<std::uint64_t>(Limits::max())};
}

constexpr std::array integer_tags{
    integer_tag<std::int8_t>("$int8", 'b'),     integer_tag<std::uint8_t>("$uint8", 'B'),
    integer_tag<std::int16_t>("$int16", 's'),   integer_tag<std::uint16_t>("$uint16", 'u'),
    integer_tag<std::uint32_t>("$uint32", 'i'), integer_tag<std::int64_t>("$int64", 'l'),
    integer_tag<std::int64_t>("$long", 'L'),    integer_tag<std::uint64_t>("$timestamp", 'T'),
    integer_tag<std::uint8_t>("$boolean", 't'),
};

// The properties of `f` and `d`.
template <class Float, class Bits, char type> struct Real {
  static constexpr char type_octet = type;
  using Value = Float;
  using Integer = Bits;
  static constexpr Bits quiet_nan = std::bit_cast<Bits>(std::numeric_limits<Float>::quiet_NaN());
  static constexpr std::size_t hex_digits = 2 * sizeof(Bits);
};
using RealFloat = Real<float, std::uint32_t, 'f'>;
using RealDouble = Real<double, std::uint64_t, 'd'>;

constexpr std::string_view nan_with_bits = "nan:";

// ---- table to JSON

class JsonAppender {
 public:
  JsonAppender(std::string& to, Secrets secrets) : to_{to}, secrets_{secrets} {}

  void table(FieldTable table) {
    const bool as_pairs = needs_pairs(table);
    to_ += as_pairs ? R"({"$table":[)" : "{";
    auto reader = table.fields();
    for (bool first = true; const auto field = reader.next(); first = false) {
      if (!first) to_ += ',';
      if (as_pairs) to_ += '[';
      append_json_string(field->name, to_);
      to_ += as_pairs ? ',' : ':';
      if (secrets_ == Secrets::hidden && is_secret(field->name))
        append_json_string(hidden_secret, to_);
      else
        value(field->value);
      if (as_pairs) to_ += ']';
    }
    to_ += as_pairs ? "]}" : "}";
  }

 private:
  // A JSON object needs distinct names in UTF-8 that do not begin with `$`, which marks tags.
  static bool needs_pairs(FieldTable table) {
    std::vector<std::string_view> names;
    auto reader = table.fields();
    while (const auto field = reader.next()) {
      if (field->name.starts_with('$') || !is_utf8(field->name)) return true;
      names.push_back(field->name);
    }
    std::ranges::sort(names);
    return std::ranges::adjacent_find(names) != names.end();
  }

  void value(const FieldValue& value) {
    switch (value.type) {
      case 'V': to_ += "null"; return;
      case 'S': append_json_string(value.bytes, to_); return;
      case 'x': append_json_base64("$bytes", value.bytes, to_); return;
      case 'F': table(FieldTable{value.bytes}); return;
      case 'A': array(value.bytes); return;
      case 'I': to_ += std::to_string(*value.integer()); return;
      case 'D': decimal(value.bytes); return;
      case 'f': real<RealFloat>(value.bytes); return;
      case 'd': real<RealDouble>(value.bytes); return;
      case 't':
        if (value.bytes[0] != 0 && value.bytes[0] != 1) break;
        to_ += value.bytes[0] == 0 ? "false" : "true";
        return;
      case 'l':
        if (*value.integer() == static_cast<std::int32_t>(*value.integer())) break;
        to_ += std::to_string(*value.integer());
        return;
      default: break;
    }
    const auto* tag = std::ranges::find(integer_tags, value.type, &IntegerTag::type);
    const auto integer = value.integer();
    const auto number = integer             ? std::to_string(*integer)
                        : value.type == 'T' ? std::to_string(load_big_endian<std::uint64_t>(value.bytes.data()))
                                            : std::to_string(static_cast<unsigned char>(value.bytes[0]));
    tagged(tag->tag, number);
  }

  void array(std::string_view encoded) {
    to_ += '[';
    FieldReader reader{encoded, FieldReader::Of::array};
    for (bool first = true; const auto field = reader.next(); first = false) {
      if (!first) to_ += ',';
      value(field->value);
    }
    to_ += ']';
  }

  void decimal(std::string_view bytes) {
    to_ += R"({"$decimal":{"scale":)";
    to_ += std::to_string(static_cast<unsigned char>(bytes[0]));
    to_ += R"(,"value":)";
    to_ += std::to_string(static_cast<std::int32_t>(load_big_endian<std::uint32_t>(bytes.data() + 1)));
    to_ += "}}";
  }

  template <class R> void real(std::string_view bytes) {
    const auto bits = load_big_endian<typename R::Integer>(bytes.data());
    const auto number = std::bit_cast<typename R::Value>(bits);
    constexpr std::string_view tag = R::type_octet == 'f' ? "$float" : "$double";
    if (std::isfinite(number)) {
      // A float is written as the double of the same value. Reading that gives the same float.
      std::string text;
      append_json_real(number, text);
      if (R::type_octet == 'd')
        to_ += text;
      else
        tagged(tag, text);
    } else if (std::isinf(number)) {
      tagged(tag, number > 0 ? R"("inf")" : R"("-inf")");
    } else if (bits == R::quiet_nan) {
      tagged(tag, R"("nan")");
    } else {
      std::array<char, R::hex_digits> digits{};
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), bits, 16).ptr;
      tagged(tag, '"' + std::string{nan_with_bits} + std::string{digits.data(), end} + '"');
    }
  }

  void tagged(std::string_view tag, std::string_view json) {
    to_ += "{\"";
    to_ += tag;
    to_ += "\":";
    to_ += json;
    to_ += '}';
  }

  std::string& to_;
  Secrets secrets_;
};

// ---- JSON to table

// Appends the encoded table to a string. The lengths of nested tables are filled in afterwards.
class TableEncoder {
 public:
  explicit TableEncoder(std::string& to) : to_{to} {}

  Fault table(const Json& json, unsigned depth_left) {
    if (!json.is_object()) return "wants a JSON object, got " + kind_of(json);
    if (json.size() == 1 && json.begin().key() == "$table") return pairs(json.front(), depth_left);
    for (const auto& [key, member] : json.items()) {
      if (key.starts_with('$'))
        return "key " + in_quotes(key)
               + R"( begins with '$': such keys are written as {"$table": [[key, value], ...]})";
      if (auto fault = field(key, member, depth_left)) return fault;
    }
    return std::nullopt;
  }

 private:
  Fault pairs(const Json& json, unsigned depth_left) {
    constexpr auto wanted = "'$table' wants an array of pairs [key, value]";
    if (!json.is_array()) return wanted;
    for (const auto& pair : json) {
      if (!pair.is_array() || pair.size() != 2) return wanted;
      std::string name;
      if (pair[0].is_string())
        name = pair[0].get_ref<const std::string&>();
      else if (!append_tagged_string(pair[0], name))
        return R"('$table' wants a string or {"$string": base64} as key, got )" + kind_of(pair[0]);
      if (auto fault = field(name, pair[1], depth_left)) return fault;
    }
    return std::nullopt;
  }

  Fault field(std::string_view name, const Json& json, unsigned depth_left) {
    if (name.size() > ShortString::max_size_bytes) return "key " + in_quotes(name) + " is longer than 255 bytes";
    to_ += static_cast<char>(name.size());
    to_ += name;
    auto fault = value(json, depth_left);
    return with_path(in_quotes(name), std::move(fault));
  }

  Fault value(const Json& json, unsigned depth_left) {
    switch (json.type()) {
      case Json::value_t::null: to_ += 'V'; return std::nullopt;
      case Json::value_t::boolean:
        to_ += 't';
        to_ += json.get<bool>() ? '\1' : '\0';
        return std::nullopt;
      case Json::value_t::number_integer:
      case Json::value_t::number_unsigned: return plain_integer(json);
      case Json::value_t::number_float: append_bits('d', std::bit_cast<std::uint64_t>(json.get<double>())); return {};
      case Json::value_t::string: append_bytes('S', json.get_ref<const std::string&>()); return std::nullopt;
      case Json::value_t::array: return nested('A', json, depth_left);
      default: break;
    }
    const bool is_tagged = json.size() == 1 && json.begin().key().starts_with('$') && json.begin().key() != "$table";
    return is_tagged ? tagged(json.begin().key(), json.front()) : nested('F', json, depth_left);
  }

  Fault nested(char type, const Json& json, unsigned depth_left) {
    if (depth_left == 0) return "tables are nested too deeply";
    to_ += type;
    const auto length_at = to_.size();
    to_.append(sizeof(std::uint32_t), '\0');
    auto fault = type == 'F' ? table(json, depth_left - 1) : array(json, depth_left - 1);
    store_big_endian(to_.data() + length_at,
                     static_cast<std::uint32_t>(to_.size() - length_at - sizeof(std::uint32_t)));
    return fault;
  }

  Fault array(const Json& json, unsigned depth_left) {
    std::size_t index = 0;
    for (const auto& element : json) {
      if (auto fault = value(element, depth_left))
        return with_path("[" + std::to_string(index) + "]", std::move(fault));
      ++index;
    }
    return std::nullopt;
  }

  // Adds a step to the path of a fault, from the inside to the outside. The outer part of a long path is left out.
  static Fault with_path(const std::string& step, Fault fault) {
    constexpr std::size_t path_max_bytes = 120;
    if (!fault || fault->starts_with("...")) return fault;
    return (fault->size() < path_max_bytes ? step : "...") + ": " + *fault;
  }

  Fault plain_integer(const Json& json) {
    if (json.is_number_unsigned() && json.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max())
      return "the integer does not fit into 64 bits with sign";
    const auto number = json.get<std::int64_t>();
    if (const auto small = static_cast<std::int32_t>(number); small == number)
      append_bits('I', static_cast<std::uint32_t>(small));
    else
      append_bits('l', static_cast<std::uint64_t>(number));
    return std::nullopt;
  }

  Fault tagged(std::string_view tag, const Json& json) {
    if (const auto* integer = std::ranges::find(integer_tags, tag, &IntegerTag::tag); integer != integer_tags.end())
      return tagged_integer(*integer, json);
    if (tag == "$float") return tagged_real<RealFloat>(tag, json);
    if (tag == "$double") return tagged_real<RealDouble>(tag, json);
    if (tag == "$decimal") return tagged_decimal(json);
    if (tag != "$bytes" && tag != "$string") return "no tag " + in_quotes(tag) + " is known";
    std::string bytes;
    if (!json.is_string() || !append_from_base64(json.get_ref<const std::string&>(), bytes))
      return "'" + std::string{tag} + "' wants padded base64 text";
    append_bytes(tag == "$bytes" ? 'x' : 'S', bytes);
    return std::nullopt;
  }

  Fault tagged_integer(const IntegerTag& tag, const Json& json) {
    const auto bits = integer_within(json, tag.min, tag.max);
    if (!bits) return "'" + std::string{tag.tag} + "' " + integer_wanted(tag.min, tag.max) + ", got " + kind_of(json);
    to_ += tag.type;
    append_low_bytes(*bits, tag.size_bytes);
    return std::nullopt;
  }

  template <class R> Fault tagged_real(std::string_view tag, const Json& json) {
    using Limits = std::numeric_limits<typename R::Value>;
    if (json.is_number()) {
      const auto number = json.get<double>();
      if (std::abs(number) > Limits::max()) return "'" + std::string{tag} + "' holds no number that large";
      append_bits(R::type_octet, std::bit_cast<typename R::Integer>(static_cast<typename R::Value>(number)));
      return std::nullopt;
    }
    const auto bits = json.is_string() ? bits_of_word<R>(json.get_ref<const std::string&>()) : std::nullopt;
    if (!bits)
      return "'" + std::string{tag} + R"(' wants a number, "inf", "-inf", "nan" or "nan:" with its bits in hex)";
    append_bits(R::type_octet, *bits);
    return std::nullopt;
  }

  template <class R> static std::optional<typename R::Integer> bits_of_word(std::string_view word) {
    using Limits = std::numeric_limits<typename R::Value>;
    using Integer = typename R::Integer;
    if (word == "nan") return R::quiet_nan;
    if (word == "inf") return std::bit_cast<Integer>(Limits::infinity());
    if (word == "-inf") return std::bit_cast<Integer>(-Limits::infinity());
    if (!word.starts_with(nan_with_bits) || word.size() != nan_with_bits.size() + R::hex_digits) return std::nullopt;
    Integer bits = 0;
    const auto [end, error] = std::from_chars(word.data() + nan_with_bits.size(), word.data() + word.size(), bits, 16);
    if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    if (!std::isnan(std::bit_cast<typename R::Value>(bits))) return std::nullopt;
    return bits;
  }

  Fault tagged_decimal(const Json& json) {
    constexpr auto wanted = R"('$decimal' wants {"scale": 0 to 255, "value": a 32-bit integer with sign})";
    if (!json.is_object() || json.size() != 2 || !json.contains("scale") || !json.contains("value")) return wanted;
    using Int32 = std::numeric_limits<std::int32_t>;
    const auto scale = integer_within(json["scale"], 0, 255);
    const auto number = integer_within(json["value"], Int32::min(), Int32::max());
    if (!scale || !number) return wanted;
    to_ += 'D';
    append_low_bytes(*scale, 1);
    append_low_bytes(*number, 4);
    return std::nullopt;
  }

  void append_low_bytes(std::uint64_t bits, std::size_t size_bytes) {
    std::array<char, sizeof bits> bytes{};
    store_big_endian(bytes.data(), bits);
    to_.append(bytes.data() + bytes.size() - size_bytes, size_bytes);
  }

  template <class Bits> void append_bits(char type, Bits bits) {
    to_ += type;
    append_low_bytes(bits, sizeof bits);
  }

  void append_bytes(char type, std::string_view bytes) {
    append_bits(type, static_cast<std::uint32_t>(bytes.size()));
    to_ += bytes;
  }

  std::string& to_;
};

}  // namespace

void append_json(FieldTable table, std::string& to, Secrets secrets) { JsonAppender{to, secrets}.table(table); }

std::optional<std::string> encode_table(const nlohmann::ordered_json& json, unsigned depth_max, std::string& to) {
  return TableEncoder{to}.table(json, depth_max);
}

bool append_tagged_string(const nlohmann::ordered_json& json, std::string& to) {
  return json.is_object() && json.size() == 1 && json.begin().key() == "$string" && json.front().is_string()
         && append_from_base64(json.front().get_ref<const std::string&>(), to);
}

}  // namespace pocketmq::protocol
