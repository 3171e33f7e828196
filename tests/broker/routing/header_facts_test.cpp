// Which values of headers are equal, as RabbitMQ compares them.
#include "broker/routing/header_facts.hpp"

#include <bit>
#include <limits>

#include "protocol/base/big_endian.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::fact_of_presence;
using broker::fact_of_value;
using broker::HeaderFacts;
using protocol::FieldTableWriter;

template <class Bits> std::string big_endian(Bits bits) {
  std::string bytes(sizeof bits, '\0');
  protocol::store_big_endian(bytes.data(), bits);
  return bytes;
}

// The fact that a header has the value with that type and those bytes.
std::string fact(char type, const std::string& bytes) {
  return fact_of_value({.name = "a", .value = {.type = type, .bytes = bytes}});
}

std::string int32(std::int32_t value) { return fact('I', big_endian(static_cast<std::uint32_t>(value))); }
std::string int64(std::int64_t value) { return fact('l', big_endian(static_cast<std::uint64_t>(value))); }
std::string timestamp(std::uint64_t value) { return fact('T', big_endian(value)); }
std::string real(double value) { return fact('d', big_endian(std::bit_cast<std::uint64_t>(value))); }
std::string real32(float value) { return fact('f', big_endian(std::bit_cast<std::uint32_t>(value))); }

void read(HeaderFacts& facts, protocol::FieldTable headers) {
  facts.begin(headers);
  broker::Budget budget;
  do {
    budget.grant(1'000);
  } while (!facts.read_on(budget));
}

}  // namespace

TEST_CASE("a number is the same in every width") {
  const auto one = int32(1);
  CHECK(int64(1) == one);
  CHECK(fact('b', "\1") == one);
  CHECK(fact('B', "\1") == one);
  CHECK(fact('s', std::string{"\0\1", 2}) == one);
  CHECK(fact('u', std::string{"\0\1", 2}) == one);
  CHECK(fact('i', big_endian(std::uint32_t{1})) == one);
  CHECK(fact('L', big_endian(std::uint64_t{1})) == one);
  CHECK(timestamp(1) == one);
  CHECK(real(1.0) == one);
  CHECK(real32(1.0F) == one);
  CHECK(int32(-1) == real(-1.0));
  CHECK(int32(-1) != one);
  CHECK(real(1.5) == real32(1.5F));
  CHECK(real(1.5) != one);
  CHECK(real(-0.0) == int32(0));
}

TEST_CASE("large numbers are compared to the last digit") {
  constexpr auto two_to_53 = std::int64_t{1} << 53;
  CHECK(int64(two_to_53) == real(0x1p53));
  CHECK(int64(two_to_53 + 1) != real(0x1p53));
  CHECK(int64(std::numeric_limits<std::int64_t>::min()) == real(-0x1p63));
  CHECK(timestamp(1ULL << 63) == real(0x1p63));
  CHECK(timestamp(std::numeric_limits<std::uint64_t>::max()) != int64(-1));
  CHECK(timestamp(std::numeric_limits<std::uint64_t>::max()) != real(0x1p64));
  CHECK(real(0x1p64) != real(0x1p65));
  CHECK(real(std::numeric_limits<double>::infinity()) != real(-std::numeric_limits<double>::infinity()));
}

TEST_CASE("a text is the same in both types and no number") {
  CHECK(fact('S', "1") == fact('x', "1"));
  CHECK(fact('S', "1") != int32(1));
  CHECK(fact('S', "1") != fact('S', "2"));
  CHECK(fact('S', "") != fact('V', ""));
  CHECK(fact('t', "\1") != int32(1));
  CHECK(fact('t', "\1") != fact('t', std::string{"\0", 1}));
}

TEST_CASE("the names belong to the facts") {
  const protocol::FieldValue x{'S', "x"};
  CHECK(fact_of_value({"a", x}) != fact_of_value({"b", x}));
  CHECK(fact_of_value({"a", {'S', "bSx"}}) != fact_of_value({"aSb", x}));
  CHECK(fact_of_presence("a") != fact_of_presence("b"));
  CHECK(fact_of_presence("a") != fact_of_value({"a", x}));
}

TEST_CASE("a message's facts are those of its headers") {
  HeaderFacts facts;
  const auto headers = FieldTableWriter{}.int32("b", 1).string("a", "x").int32("b", 2).boolean("", true);
  read(facts, headers.table());
  CHECK(facts.size() == 6);
  for (const auto* name : {"a", "b", ""}) CHECK(facts.contain(fact_of_presence(name)));
  CHECK_FALSE(facts.contain(fact_of_presence("c")));
  CHECK(facts.contain(fact_of_value({"a", {'x', "x"}})));
  CHECK(facts.contain(fact_of_value({"b", {'b', "\1"}})));
  CHECK_FALSE(facts.contain(fact_of_value({"b", {'b', "\2"}})));
  read(facts, {});
  CHECK(facts.size() == 0);
}

TEST_CASE("very many headers are read") {
  HeaderFacts facts;
  FieldTableWriter headers;
  for (int i = 0; i < 10'000; ++i) headers.int32("header " + std::to_string(i), i);
  read(facts, headers.table());
  CHECK(facts.size() == 20'000);
  CHECK(facts.contain(fact_of_presence("header 9999")));
}

}  // namespace pocketmq::tests
