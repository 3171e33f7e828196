// What one encoding takes in, the other can send, whole and within its limits: no message is stuck at a consumer.
#include <array>
#include <functional>

#include "protocol/base/big_endian.hpp"
#include "protocol/codec/make_codec.hpp"
#include "tests/protocol/codec/generator.hpp"
#include "tests/protocol/codec/transcript.hpp"
#include "tests/support/catch.hpp"

using namespace pocketmq::protocol;
using namespace pocketmq::tests;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

constexpr Limits limits{.json_values_max = 0};  // a client's: it reads what any broker sends

// All that a delivery names as long as it can be, and as long in JSON as it can be.
const std::string longest_name(255, '\x01');

// It only looks at the properties and the name.
Command delivery(std::string&&, std::string_view = {}) = delete;
Command delivery(const std::string& properties, std::string_view name = longest_name) {
  return {.channel = 65'535,
          .method = basic::Deliver{.consumer_tag = ShortString{name},
                                   .delivery_tag = ~0ULL,
                                   .redelivered = true,
                                   .exchange = ShortString{name},
                                   .routing_key = ShortString{name}},
          .content = Content{.properties = Properties{properties}, .body = "body"}};
}

std::string encoded_properties(const BasicProperties& properties) {
  std::string encoded;
  encode(properties, encoded);
  return encoded;
}

// Each encoding writes the command and reads it again as it was. Returns its bytes.
std::string passes(Encoding encoding, const Command& command) {
  const auto writer = make_codec(encoding, limits);
  auto bytes = encoded(*writer, command);
  const auto reader = make_codec(encoding, limits);
  Decoding decoding{*reader};
  int commands = 0;
  const bool accepted = decoding.feed(bytes, std::string_view::npos, [&](const Command& read) {
    ++commands;
    CHECK((read.method == command.method));
    CHECK((read.content->properties == command.content->properties));
    CHECK(read.content->body == command.content->body);
  });
  if (!accepted) FAIL_CHECK(decoding.transcript().back());
  CHECK(commands == 1);
  return bytes;
}

void passes_both(const Command& command) {
  passes(Encoding::amqp, command);
  passes(Encoding::json, command);
}

std::string header_of(std::string_view json_frame) {
  const auto payload = json_frame.substr(4);
  return std::string{payload.substr(0, payload.find('\n'))};
}

std::string number(std::uint64_t bits, std::size_t size) {
  std::string bytes(8, '\0');
  store_big_endian(bytes.data(), bits);
  return bytes.substr(8 - size);
}

// Each type's values that are long in JSON for what they are in AMQP.
std::vector<FieldValue> worst_values() {
  static const std::array bytes{number(0xFF, 1),
                                number(0x80, 1),
                                number(0x8000, 2),
                                number(0xFFFF, 2),
                                number(0x8000'0000, 4),
                                number(1ULL << 63, 8),
                                number(~0ULL, 8),
                                number(0xFFFF'FFFF'8000'0000, 8),
                                "\xFF"s + number(0x8000'0000, 4),
                                number(0x8080'0000, 4),  // the smallest normal float, with sign
                                number(0xFFC0'0001, 4),  // a NaN with bits of its own
                                number(0x8010'0000'0000'0000, 8),
                                number(0xFFF8'0000'0000'0001, 8),
                                "\x01"s,
                                "\xFF"s,
                                "\"\"\"\""s,
                                ""s};
  return {{'t', bytes[0]},  {'b', bytes[1]},  {'B', bytes[0]},  {'s', bytes[2]},  {'u', bytes[3]},  {'I', bytes[4]},
          {'i', bytes[4]},  {'l', bytes[5]},  {'l', bytes[7]},  {'L', bytes[5]},  {'T', bytes[6]},  {'D', bytes[8]},
          {'f', bytes[9]},  {'f', bytes[10]}, {'d', bytes[11]}, {'d', bytes[12]}, {'S', bytes[13]}, {'S', bytes[14]},
          {'S', bytes[15]}, {'S', bytes[16]}, {'x', bytes[14]}, {'F', bytes[16]}, {'A', bytes[16]}, {'V', bytes[16]}};
}

// Repeats a field until the properties are as large as a content header can carry.
std::string filled(const std::function<void(FieldTableWriter&)>& add_field) {
  FieldTableWriter headers;
  std::string fitting;
  add_field(headers);
  const auto field_size = headers.table().encoded().size();
  constexpr std::size_t flags_and_length = 6;
  for (auto size = field_size; size + field_size + flags_and_length <= limits.properties_max_bytes();
       size += field_size)
    add_field(headers);
  return encoded_properties({.headers = headers.table()});
}

}  // namespace

TEST_CASE("headers that are longest in JSON fit into a JSON header") {
  const auto name = GENERATE(""s, "\x01"s, "\xFF"s, "$"s, std::string(255, '\x01'), std::string(255, '\xFF'));
  for (const auto& value : worst_values()) {
    INFO("type " << value.type << " of " << value.bytes.size() << " bytes, name of " << name.size());
    const auto properties = filled([&](FieldTableWriter& table) { table.value(name, value); });
    const auto command = delivery(properties);
    CHECK(passes(Encoding::amqp, command).size() <= limits.frame_max_bytes + 1'000);
    CHECK(header_of(passes(Encoding::json, command)).size() <= limits.json_header_max_bytes);
  }
}

TEST_CASE("arrays that are longest in JSON fit into a JSON header") {
  for (const auto& value : worst_values()) {
    INFO("type " << value.type << " of " << value.bytes.size() << " bytes");
    FieldArrayWriter array;
    FieldTableWriter headers;
    const auto element_size = [&] {
      FieldArrayWriter one;
      return one.value(value).array().bytes.size();
    }();
    for (std::size_t size = 20 + element_size; size <= limits.properties_max_bytes(); size += element_size)
      array.value(value);
    headers.value("a", array.array());
    const auto properties = encoded_properties({.headers = headers.table()});
    const auto command = delivery(properties);
    CHECK(header_of(passes(Encoding::json, command)).size() <= limits.json_header_max_bytes);
    passes(Encoding::amqp, command);
  }
}

TEST_CASE("properties that are longest in JSON beside large headers fit into a JSON header") {
  const auto short_string = GENERATE(std::string(255, '\x01'), std::string(255, '\xFF'));
  BasicProperties properties;
  BasicProperties::describe(properties, [&]<class T>(const FieldName&, std::optional<T>& property) {
    if constexpr (std::same_as<T, ShortString>)
      property = ShortString{short_string};
    else if constexpr (std::unsigned_integral<T>)
      property = std::numeric_limits<T>::max();
  });
  FieldTableWriter headers;
  const auto others = encoded_properties(properties).size() + 4;
  constexpr std::size_t field_size = 4;
  for (auto size = others + field_size; size <= limits.properties_max_bytes(); size += field_size)
    headers.value("\xFF", {'t', "\xFF"});
  properties.headers = headers.table();
  const auto all = encoded_properties(properties);
  const auto command = delivery(all);
  passes_both(command);
  CHECK(header_of(passes(Encoding::json, command)).size() <= limits.json_header_max_bytes);
}

TEST_CASE("tables and arrays as deep as they may be pass in each form") {
  const auto name = GENERATE(""s, "a"s, "$"s, "\xFF"s);
  const auto kinds = GENERATE("F"s, "A"s, "FA"s, "FFA"s);
  FieldValue value{'D', "\0\0\0\0\1"sv};  // two more levels in JSON
  std::string bytes;
  for (unsigned level = limits.table_depth_max; level > 0; --level) {
    const char kind = kinds[level % kinds.size()];
    bytes = kind == 'F' ? std::string{FieldTableWriter{}.value(name, value).table().encoded()}
                        : std::string{FieldArrayWriter{}.value(value).array().bytes};
    value = {kind, bytes};
  }
  FieldTableWriter headers;
  headers.value(name, value);
  const auto properties = encoded_properties({.headers = headers.table()});
  REQUIRE_FALSE(find_fault(Properties{properties}, limits.table_depth_max));
  REQUIRE(find_fault(Properties{properties}, limits.table_depth_max - 1));
  passes_both(delivery(properties));
}

TEST_CASE("whatever one encoding reads passes through the other") {
  const auto seed = GENERATE(range(0U, 200U));
  INFO("seed " << seed);
  Generator any{seed};
  const auto content = any.content(100);
  const std::string properties{content.properties.encoded()};
  const auto name = any.text(255);
  const auto command = delivery(properties, name);
  passes_both(command);
  // And what a publisher wrote in JSON is what a consumer reads in AMQP.
  const auto json = passes(
      Encoding::json,
      {.channel = 1, .method = basic::Publish{.exchange = ShortString{name}, .routing_key = "k"}, .content = content});
  const auto reader = make_codec(Encoding::json, limits);
  Decoding decoding{*reader};
  decoding.feed(json, 1'000, [&](const Command& published) { passes(Encoding::amqp, published); });
}
