#include "protocol/vocabulary/field_table.hpp"

#include "protocol/base/big_endian.hpp"
#include "tests/protocol/codec/generator.hpp"
#include "tests/support/catch.hpp"

using namespace pocketmq::protocol;
using namespace std::string_literals;
using namespace std::string_view_literals;

TEST_CASE("a table is written as AMQP has it") {
  FieldTableWriter inner;
  inner.boolean("t", true);
  FieldTableWriter writer;
  writer.int32("n", -2).int64("m", 1).string("s", "hi").table("f", inner.table()).value("v", {'V', {}});
  CHECK(writer.table().encoded()
        == "\x01nI\xff\xff\xff\xfe"
           "\x01ml\x00\x00\x00\x00\x00\x00\x00\x01"
           "\x01sS\x00\x00\x00\x02hi"
           "\x01"
           "fF\x00\x00\x00\x04\x01tt\x01"
           "\x01vV"sv);
}

TEST_CASE("every field type is read with its bytes, in order") {
  const auto encoded =
      "\x01tt\x01"
      "\x01"
      "bb\xff"
      "\x01"
      "BB\xff"
      "\x01ss\xff\xfe"
      "\x01uu\xff\xfe"
      "\x01II\xff\xff\xff\xfd"
      "\x01ii\xff\xff\xff\xfd"
      "\x01ll\xff\xff\xff\xff\xff\xff\xff\xfc"
      "\x01LL\x00\x00\x00\x00\x00\x00\x00\x05"
      "\x01"
      "ff\x3f\x80\x00\x00"
      "\x01"
      "dd\x3f\xf0\x00\x00\x00\x00\x00\x00"
      "\x01"
      "DD\x02\x00\x00\x00\x07"
      "\x01SS\x00\x00\x00\x02hi"
      "\x01"
      "AA\x00\x00\x00\x03Vt\x00"
      "\x01TT\x00\x00\x00\x00\x00\x00\x00\x09"
      "\x01"
      "FF\x00\x00\x00\x03\x01vV"
      "\x01VV"
      "\x01xx\x00\x00\x00\x01\x00"s;
  const FieldTable table{encoded};
  REQUIRE(find_fault(table, 1) == std::nullopt);

  std::string order;
  FieldTableWriter again;
  auto reader = table.fields();
  while (const auto field = reader.next()) {
    CHECK(field->name == std::string(1, field->value.type));
    order += field->value.type;
    again.value(field->name, field->value);
  }
  CHECK_FALSE(reader.failed());
  CHECK(order == "tbBsuIilLfdDSATFVx");
  CHECK(again.table() == table);

  const auto integer = [&](std::string_view name) { return table.find(name)->integer(); };
  CHECK(integer("b") == -1);
  CHECK(integer("B") == 255);
  CHECK(integer("s") == -2);
  CHECK(integer("u") == 65534);
  CHECK(integer("I") == -3);
  CHECK(integer("i") == 4294967293);
  CHECK(integer("l") == -4);
  CHECK(integer("L") == 5);
  for (const auto* other : {"t", "f", "d", "D", "S", "A", "T", "F", "V", "x"}) CHECK(integer(other) == std::nullopt);
  CHECK(table.find("f")->real() == 1.0);
  CHECK(table.find("d")->real() == 1.0);
  CHECK(table.find("I")->real() == std::nullopt);
  CHECK(table.find("T")->timestamp() == 9U);
  CHECK(table.find("l")->timestamp() == std::nullopt);
  CHECK(table.find("S")->string() == "hi");
  CHECK(table.find("x")->string() == std::nullopt);
  CHECK(table.find("t")->boolean() == true);
  CHECK(table.find("B")->boolean() == std::nullopt);
  CHECK(table.find("F")->table()->find("v") == FieldValue{'V', {}});
  CHECK(table.find("A")->table() == std::nullopt);
  CHECK(table.find("nothing") == std::nullopt);
}

TEST_CASE("an array is written value by value") {
  FieldTableWriter inner;
  inner.timestamp("t", 7);
  FieldArrayWriter array;
  array.string("a").table(inner.table()).value({'t', "\1"});
  CHECK(array.array()
        == FieldValue{'A', std::string_view{"S\0\0\0\1a"
                                            "F\0\0\0\x0b\1tT\0\0\0\0\0\0\0\7"
                                            "t\1",
                                            24}});
  FieldReader reader{array.array().bytes, FieldReader::Of::array};
  CHECK(reader.next()->value.string() == "a");
  CHECK(reader.next()->value.table() == inner.table());
  CHECK(reader.next()->value.boolean() == true);
  CHECK_FALSE(reader.next());
  CHECK_FALSE(reader.failed());
}

TEST_CASE("a real is read from either width") {
  CHECK(FieldValue{'f', std::string_view{"\x3f\xc0\0\0", 4}}.real() == 1.5);
  CHECK(FieldValue{'d', std::string_view{"\x3f\xf8\0\0\0\0\0\0", 8}}.real() == 1.5);
  CHECK_FALSE(FieldValue{'I', std::string_view{"\0\0\0\1", 4}}.real());
}

TEST_CASE("of two fields with one name the first is found") {
  FieldTableWriter writer;
  writer.int32("n", 1).int32("n", 2);
  CHECK(writer.table().find("n")->integer() == 1);
}

TEST_CASE("a table that is cut off anywhere but between fields has a fault") {
  FieldTableWriter inner;
  inner.int64("deep", 7);
  FieldTableWriter writer;
  writer.string("text", "hello").table("inner", inner.table()).boolean("yes", true);
  const auto whole = writer.table().encoded();
  REQUIRE(find_fault(FieldTable{whole}, 1) == std::nullopt);
  const std::size_t text_end = 1 + 4 + 1 + 4 + 5;
  const std::size_t inner_end = text_end + 1 + 5 + 1 + 4 + inner.table().encoded().size();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const bool between = size == 0 || size == text_end || size == inner_end;
    CHECK(find_fault(FieldTable{whole.substr(0, size)}, 1).has_value() == !between);
  }
}

TEST_CASE("malformed tables are refused") {
  const auto fault = [](std::string_view encoded) { return find_fault(FieldTable{encoded}, 8).has_value(); };
  CHECK(fault("\x01nZ"sv));                       // no such type
  CHECK(fault("\x05n"sv));                        // a name beyond the end
  CHECK(fault("\x01nS\xff\xff\xff\xffhi"sv));     // a string beyond the end
  CHECK(fault("\x01nF\x00\x00\x00\x02\x01x"sv));  // an inner table that ends within a field
  CHECK(fault("\x01nA\x00\x00\x00\x02I\x00"sv));  // an inner array that ends within a value
  CHECK(fault("\x01nA\x00\x00\x00\x05\x01x"sv));  // an array's length is in bytes, and these are not there
  CHECK_FALSE(fault("\x01nA\x00\x00\x00\x00"sv));
  CHECK_FALSE(fault("\x00V"sv));  // a name may be empty
  CHECK_FALSE(fault(""sv));
}

TEST_CASE("tables and arrays are nested as deep as allowed and no deeper") {
  std::string tables = "\x01vV";
  std::string arrays = "V";
  for (unsigned depth = 1; depth <= 70; ++depth) {
    char length[4];
    store_big_endian(length, static_cast<std::uint32_t>(tables.size()));
    tables = "\x01nF" + std::string(length, 4) + tables;
    store_big_endian(length, static_cast<std::uint32_t>(arrays.size()));
    arrays = "A" + std::string(length, 4) + arrays;
    CHECK(find_fault(FieldTable{tables}, 64).has_value() == (depth > 64));
    CHECK(find_fault(FieldTable{"\x01n" + arrays}, 64).has_value() == (depth > 64));
  }
}

TEST_CASE("any table is read as it was written") {
  pocketmq::tests::Generator any{2};
  for (int i = 0; i < 500; ++i) {
    const auto table = any.table();
    REQUIRE(find_fault(table, 4) == std::nullopt);
    FieldTableWriter again;
    auto reader = table.fields();
    while (const auto field = reader.next()) again.value(field->name, field->value);
    REQUIRE(again.table() == table);
  }
}
