#include "protocol/codec/json_table.hpp"

#include <nlohmann/json.hpp>

#include "protocol/base/big_endian.hpp"
#include "protocol/codec/json_parse.hpp"
#include "tests/protocol/codec/generator.hpp"
#include "tests/support/catch.hpp"

using namespace pocketmq::protocol;
using namespace std::string_literals;
using namespace std::string_view_literals;

namespace {

std::string json_of(std::string_view encoded) {
  REQUIRE(find_fault(FieldTable{encoded}, 64) == std::nullopt);
  std::string json;
  append_json(FieldTable{encoded}, json);
  return json;
}

struct Read {
  std::string encoded;
  std::string fault;
};

Read read(std::string_view text, unsigned depth_max = 64) {
  nlohmann::ordered_json json;
  REQUIRE(parse_json(text, 1'000, json) == std::nullopt);
  Read result;
  result.fault = encode_table(json, depth_max, result.encoded).value_or("");
  return result;
}

// Both directions at once.
void check_both_ways(std::string_view encoded, std::string_view json) {
  CHECK(json_of(encoded) == json);
  const auto back = read(json);
  CHECK(back.fault.empty());
  CHECK(back.encoded == encoded);
}

}  // namespace

TEST_CASE("what JSON has goes as it is") {
  check_both_ways("", "{}");
  check_both_ways("\x01tt\x01\x01ut\x00"sv, R"({"t":true,"u":false})");
  check_both_ways("\x01II\xff\xff\xff\xff"sv, R"({"I":-1})");
  check_both_ways("\x01II\x7f\xff\xff\xff"sv, R"({"I":2147483647})");
  check_both_ways("\x01ll\x00\x00\x00\x00\x80\x00\x00\x00"sv, R"({"l":2147483648})");
  check_both_ways("\x01ll\x80\x00\x00\x00\x00\x00\x00\x00"sv, R"({"l":-9223372036854775808})");
  check_both_ways(
      "\x01"
      "dd\x3f\xf0\x00\x00\x00\x00\x00\x00"sv,
      R"({"d":1.0})");
  check_both_ways(
      "\x01"
      "dd\x80\x00\x00\x00\x00\x00\x00\x00"sv,
      R"({"d":-0.0})");
  check_both_ways(
      "\x01"
      "dd\x3f\xb9\x99\x99\x99\x99\x99\x9a"sv,
      R"({"d":0.1})");
  check_both_ways(
      "\x01"
      "dd\x44\x15\xaf\x1d\x78\xb5\x8c\x40"sv,
      R"({"d":1e+20})");
  check_both_ways(
      "\x01"
      "dd\x00\x00\x00\x00\x00\x00\x00\x01"sv,
      R"({"d":5e-324})");
  check_both_ways("\x01SS\x00\x00\x00\x06h\xc3\xa9\"\n\x7f"sv, R"({"S":"hé\"\n\u007f"})");
  check_both_ways(
      "\x01"
      "AA\x00\x00\x00\x08"
      "Vt\x01"
      "A\x00\x00\x00\x00"sv,
      R"({"A":[null,true,[]]})");
  check_both_ways(
      "\x01"
      "FF\x00\x00\x00\x03\x01vV"sv,
      R"({"F":{"v":null}})");
  check_both_ways("\x00V"sv, R"({"":null})");
}

TEST_CASE("what JSON has not is tagged") {
  check_both_ways(
      "\x01"
      "bb\x80"sv,
      R"({"b":{"$int8":-128}})");
  check_both_ways(
      "\x01"
      "BB\xff"sv,
      R"({"B":{"$uint8":255}})");
  check_both_ways("\x01ss\x80\x00"sv, R"({"s":{"$int16":-32768}})");
  check_both_ways("\x01uu\xff\xff"sv, R"({"u":{"$uint16":65535}})");
  check_both_ways("\x01ii\xff\xff\xff\xff"sv, R"({"i":{"$uint32":4294967295}})");
  check_both_ways("\x01ll\xff\xff\xff\xff\xff\xff\xff\xff"sv, R"({"l":{"$int64":-1}})");
  check_both_ways("\x01LL\xff\xff\xff\xff\xff\xff\xff\xff"sv, R"({"L":{"$long":-1}})");
  check_both_ways("\x01LL\x7f\xff\xff\xff\xff\xff\xff\xff"sv, R"({"L":{"$long":9223372036854775807}})");
  check_both_ways("\x01TT\xff\xff\xff\xff\xff\xff\xff\xff"sv, R"({"T":{"$timestamp":18446744073709551615}})");
  check_both_ways("\x01tt\x07"sv, R"({"t":{"$boolean":7}})");
  check_both_ways(
      "\x01"
      "DD\x02\xff\xff\xff\xff"sv,
      R"({"D":{"$decimal":{"scale":2,"value":-1}}})");
  check_both_ways(
      "\x01xx\x00\x00\x00\x03"
      "foo"sv,
      R"({"x":{"$bytes":"Zm9v"}})");
  check_both_ways("\x01SS\x00\x00\x00\x01\xff"sv, R"({"S":{"$string":"/w=="}})");
  check_both_ways(
      "\x01"
      "ff\x3f\x80\x00\x00"sv,
      R"({"f":{"$float":1.0}})");
  check_both_ways(
      "\x01"
      "ff\x80\x00\x00\x00"sv,
      R"({"f":{"$float":-0.0}})");
  check_both_ways(
      "\x01"
      "ff\x00\x00\x00\x01"sv,
      R"({"f":{"$float":1.401298464324817e-45}})");
}

TEST_CASE("infinities and each NaN keep their bits") {
  check_both_ways(
      "\x01"
      "dd\x7f\xf0\x00\x00\x00\x00\x00\x00"sv,
      R"({"d":{"$double":"inf"}})");
  check_both_ways(
      "\x01"
      "dd\xff\xf0\x00\x00\x00\x00\x00\x00"sv,
      R"({"d":{"$double":"-inf"}})");
  check_both_ways(
      "\x01"
      "dd\x7f\xf8\x00\x00\x00\x00\x00\x00"sv,
      R"({"d":{"$double":"nan"}})");
  check_both_ways(
      "\x01"
      "dd\xff\xf8\x00\x00\x00\x00\x00\x00"sv,
      R"({"d":{"$double":"nan:fff8000000000000"}})");
  check_both_ways(
      "\x01"
      "dd\x7f\xf0\x00\x00\x00\x00\x00\x01"sv,
      R"({"d":{"$double":"nan:7ff0000000000001"}})");
  check_both_ways(
      "\x01"
      "ff\x7f\x80\x00\x00"sv,
      R"({"f":{"$float":"inf"}})");
  check_both_ways(
      "\x01"
      "ff\xff\x80\x00\x00"sv,
      R"({"f":{"$float":"-inf"}})");
  check_both_ways(
      "\x01"
      "ff\x7f\xc0\x00\x00"sv,
      R"({"f":{"$float":"nan"}})");
  check_both_ways(
      "\x01"
      "ff\x7f\x80\x00\x01"sv,
      R"({"f":{"$float":"nan:7f800001"}})");
}

TEST_CASE("names that no JSON object holds make a table of pairs") {
  check_both_ways("\x01kV\x01kt\x01"sv, R"({"$table":[["k",null],["k",true]]})");
  check_both_ways("\x02$kV"sv, R"({"$table":[["$k",null]]})");
  check_both_ways("\x01\xffV"sv, R"({"$table":[[{"$string":"/w=="},null]]})");
  check_both_ways(
      "\x01"
      "FF\x00\x00\x00\x08\x06$tableV"sv,
      R"({"F":{"$table":[["$table",null]]}})");
  CHECK(read(R"({"$table":[]})").encoded.empty());
  CHECK(read(R"({"$table":[]})").fault.empty());
}

TEST_CASE("tags are read also where they would not be written") {
  CHECK(read(R"({"n":{"$int64":4294967296}})").encoded == "\x01nl\x00\x00\x00\x01\x00\x00\x00\x00"sv);
  CHECK(read(R"({"n":{"$float":0.1}})").encoded == "\x01nf\x3d\xcc\xcc\xcd"sv);
  CHECK(read(R"({"n":{"$float":1}})").encoded == "\x01nf\x3f\x80\x00\x00"sv);
  CHECK(read(R"({"n":{"$double":1}})").encoded == "\x01nd\x3f\xf0\x00\x00\x00\x00\x00\x00"sv);
  CHECK(read(R"({"n":{"$string":"Zm9v"}})").encoded == "\x01nS\x00\x00\x00\x03" "foo"sv);
  CHECK(read(R"({"n":{"$boolean":1}})").encoded == "\x01nt\x01"sv);
}

TEST_CASE("a fault names the path to it") {
  const auto fault = [](std::string_view json) { return read(json).fault; };
  CHECK(fault(R"({"a":{"b":[1,{"$int8":128}]}})")
        == "'a': 'b': [1]: '$int8' wants an integer from -128 to 127, got the integer 128");
  CHECK(fault(R"([1])") == "wants a JSON object, got an array");
  CHECK(fault(R"({"a":{"$int9":1}})") == "'a': no tag '$int9' is known");
  CHECK_THAT(fault(R"({"a":{"$int8":1,"b":2}})"), Catch::Contains("'a': key '$int8' begins with '$'"));
  CHECK_THAT(fault(R"({"$int8":1})"), Catch::Contains("key '$int8' begins with '$'"));
  CHECK_THAT(fault(R"({"a":18446744073709551615})"), Catch::Contains("'a': the integer does not fit"));
  CHECK_THAT(fault("{\"" + std::string(256, 'n') + "\":1}"), Catch::Contains("longer than 255 bytes"));
}

TEST_CASE("mistyped tags are refused") {
  for (const auto* value : {R"({"$uint8":-1})",
                            R"({"$uint8":256})",
                            R"({"$uint8":1.0})",
                            R"({"$uint8":"1"})",
                            R"({"$int16":32768})",
                            R"({"$int16":-32769})",
                            R"({"$int64":9223372036854775808})",
                            R"({"$timestamp":-1})",
                            R"({"$boolean":true})",
                            R"({"$float":"NaN"})",
                            R"({"$float":"nan:7f800000"})",
                            R"({"$float":"nan:7fc0000"})",
                            R"({"$float":1e39})",
                            R"({"$float":"nan:7fc0000g"})",
                            R"({"$float":null})",
                            R"({"$double":"nan:+ff8000000000001"})",
                            R"({"$decimal":1})",
                            R"({"$decimal":{"scale":1}})",
                            R"({"$decimal":{"scale":256,"value":1}})",
                            R"({"$decimal":{"scale":1,"value":2147483648}})",
                            R"({"$decimal":{"scale":1,"value":1,"x":1}})",
                            R"({"$bytes":"Zg"})",
                            R"({"$bytes":1})",
                            R"({"$string":"*"})",
                            R"({"$table":{}})",
                            R"({"$table":[1]})",
                            R"({"$table":[["k"]]})",
                            R"({"$table":[["k",1,2]]})",
                            R"({"$table":[[1,2]]})",
                            R"({"$table":[[{"$string":"*"},2]]})",
                            R"({"$":1})"}) {
    INFO(value);
    CHECK_THAT(read(R"({"key":)"s + value + "}").fault, Catch::StartsWith("'key': "));
  }
}

TEST_CASE("tables in JSON are nested as deep as allowed and no deeper") {
  for (const auto& [open, close] : {std::pair{R"({"k":)", "}"}, std::pair{R"({"$table":[["k",)", "]]}"}}) {
    std::string json = "{}";  // a table of its own, in the one that is not counted
    for (unsigned depth = 1; depth <= 66; ++depth) {
      json = open + json + close;
      CHECK(read(json, 64).fault.empty() == (depth <= 64));
    }
  }
}

TEST_CASE("any table comes back byte for byte") {
  pocketmq::tests::Generator any{6};
  for (int i = 0; i < 3'000; ++i) {
    const auto table = any.table();
    std::string json;
    append_json(table, json);
    INFO(json);
    const auto back = read(json);
    REQUIRE(back.fault.empty());
    REQUIRE(back.encoded == table.encoded());
  }
}

TEST_CASE("any float comes back bit for bit") {
  pocketmq::tests::Generator any{7};
  for (int i = 0; i < 20'000; ++i) {
    char bits[4];
    store_big_endian(bits, static_cast<std::uint32_t>(any.up_to(~0ULL)));
    FieldTableWriter writer;
    writer.value("f", {'f', {bits, 4}});
    REQUIRE(read(json_of(writer.table().encoded())).encoded == writer.table().encoded());
  }
}

TEST_CASE("secrets in tables are hidden where asked") {
  FieldTableWriter inner;
  inner.string("PASSWORD", "hunter2").string("user", "alice");
  FieldTableWriter writer;
  writer.table("login", inner.table());
  std::string json;
  append_json(writer.table(), json, Secrets::hidden);
  CHECK(json == R"({"login":{"PASSWORD":"***","user":"alice"}})");
}
