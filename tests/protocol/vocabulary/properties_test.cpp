#include "protocol/vocabulary/properties.hpp"

#include "tests/protocol/codec/generator.hpp"
#include "tests/support/catch.hpp"

using namespace pocketmq::protocol;
using namespace std::string_view_literals;

TEST_CASE("properties are written with their flags first") {
  std::string encoded;
  encode({.content_type = "a", .delivery_mode = 2, .correlation_id = "c", .reply_to = "r", .cluster_id = "z"}, encoded);
  CHECK(encoded
        == "\x96\x04"
           "\x01"
           "a"
           "\x02"
           "\x01"
           "c"
           "\x01r"
           "\x01z"sv);
}

TEST_CASE("each property has its own flag, from the highest bit on") {
  BasicProperties all;
  BasicProperties::describe(all, [](const FieldName&, auto& property) { property.emplace(); });
  std::string everything;
  encode(all, everything);
  CHECK(everything.substr(0, 2) == "\xff\xfc"sv);

  unsigned flag = 0x8000;
  std::size_t index = 0;
  BasicProperties::describe(all, [&](const FieldName& name, const auto&) {
    BasicProperties one;
    std::size_t other = 0;
    BasicProperties::describe(one, [&](const FieldName&, auto& property) {
      if (other++ == index) property.emplace();
    });
    std::string encoded;
    encode(one, encoded);
    INFO(name.text());
    CHECK(static_cast<unsigned char>(encoded[0]) * 256U + static_cast<unsigned char>(encoded[1]) == flag);
    CHECK(Properties{encoded}.decode() == one);
    flag >>= 1U;
    ++index;
  });
  CHECK(index == 14);
}

TEST_CASE("absent and empty properties differ") {
  CHECK(Properties{}.decode() == BasicProperties{});
  std::string encoded;
  encode({.reply_to = ""}, encoded);
  CHECK(encoded == "\x02\x00\x00"sv);
  CHECK(Properties{encoded}.decode().reply_to == ShortString{""});
  CHECK(Properties{encoded}.decode().correlation_id == std::nullopt);
}

TEST_CASE("headers are found without the rest") {
  CHECK(Properties{}.headers() == std::nullopt);
  std::string without, with, empty;
  FieldTableWriter headers;
  headers.int32("n", 1);
  encode({.content_type = "a", .reply_to = "r"}, without);
  encode({.content_type = "a", .headers = headers.table(), .reply_to = "r"}, with);
  encode({.headers = FieldTable{}}, empty);
  CHECK(Properties{without}.headers() == std::nullopt);
  CHECK(Properties{with}.headers() == headers.table());
  CHECK(Properties{empty}.headers() == FieldTable{});
}

TEST_CASE("one property is found without the rest") {
  pocketmq::tests::Generator any{5};
  for (int i = 0; i < 500; ++i) {
    const auto properties = any.properties();
    std::string encoded;
    encode(properties, encoded);
    const Properties found{encoded};
    REQUIRE(found.find<&BasicProperties::content_type>() == properties.content_type);
    REQUIRE(found.find<&BasicProperties::headers>() == properties.headers);
    REQUIRE(found.find<&BasicProperties::delivery_mode>() == properties.delivery_mode);
    REQUIRE(found.find<&BasicProperties::priority>() == properties.priority);
    REQUIRE(found.find<&BasicProperties::reply_to>() == properties.reply_to);
    REQUIRE(found.find<&BasicProperties::timestamp>() == properties.timestamp);
    REQUIRE(found.find<&BasicProperties::cluster_id>() == properties.cluster_id);
  }
}

TEST_CASE("malformed properties are refused") {
  const auto fault = [](std::string_view encoded) { return find_fault(Properties{encoded}, 4).value_or("none"); };
  CHECK(fault("\x00\x00"sv) == "none");
  CHECK_THAT(fault(""sv), Catch::Contains("flags"));
  CHECK_THAT(fault("\x00"sv), Catch::Contains("flags"));
  CHECK(fault("\x00\x03"sv) == "none");                                   // flags that stand for no property
  CHECK_THAT(fault("\x00\x01\x00\x00"sv), Catch::Contains("left over"));  // a second word of flags
  CHECK_THAT(fault("\x00\x00x"sv), Catch::Contains("left over"));
  CHECK_THAT(fault("\x04\x00\x05hi"sv), Catch::Contains("correlation_id"));
  CHECK_THAT(fault("\x00\x40\x00\x00"sv), Catch::Contains("timestamp"));
  CHECK_THAT(fault("\x20\x00\x00\x00\x00\x03\x01nZ"sv), Catch::Contains("headers"));
}

TEST_CASE("of malformed properties all but the headers can be read, if only these are at fault, and else nothing") {
  const auto readable = [](std::string_view encoded) { return readable_part(Properties{encoded}); };
  // content_type "a", headers with an unknown type, correlation_id "id"
  CHECK(readable("\xa4\x00\x01"
                 "a\x00\x00\x00\x03\x01nZ\x02id"sv)
        == "\x84\x00\x01"
           "a\x02id"sv);
  CHECK(readable("\x20\x00\x00\x00\x00\x03\x01nZ"sv) == "\x00\x00"sv);
  CHECK(readable("\x24\x00\x00\x00\x00\x09\x02id"sv) == "\x00\x00"sv);  // the headers would end behind the rest
  CHECK(readable("\x04\x00\x05hi"sv) == "\x00\x00"sv);
  CHECK(readable(""sv) == "\x00\x00"sv);
}

TEST_CASE("any properties are read as they were written, and no shorter") {
  pocketmq::tests::Generator any{3};
  for (int i = 0; i < 500; ++i) {
    const auto properties = any.properties();
    std::string encoded = "before";
    encode(properties, encoded);
    const auto bytes = std::string_view{encoded}.substr(6);
    REQUIRE(find_fault(Properties{bytes}, 64) == std::nullopt);
    REQUIRE(Properties{bytes}.decode() == properties);
    if (bytes.size() > 2) REQUIRE(find_fault(Properties{bytes.substr(0, bytes.size() - 1)}, 64));
  }
}
