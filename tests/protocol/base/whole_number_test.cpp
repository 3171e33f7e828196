// Numbers of a command line are decimal, and what is none is said in a sentence.
#include "protocol/base/whole_number.hpp"

#include <limits>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {

using protocol::fault_of_whole_number;

TEST_CASE("a whole number is decimal, with zeros before it or without") {
  for (auto [given, taken] :
       {std::pair<std::string, std::string>{"7", "7"}, {"010", "10"}, {"000", "0"}, {"90", "90"}}) {
    CHECK(fault_of_whole_number(given, 0, 90).empty());
    CHECK(given == taken);
  }
}

TEST_CASE("what is no whole number, or out of its range, is said and stays as it is") {
  for (std::string given :
       {"", "-1", "+7", " 7", "7 ", "0x10", "0b1", "1'0", "1e1", "7.0", "ten", "0", "91", "99999999999999999999"}) {
    const auto before = given;
    CHECK(fault_of_whole_number(given, 1, 90) == "wants a whole number from 1 to 90, got '" + before + "'");
    CHECK(given == before);
  }
}

TEST_CASE("the largest number of 64 bits is one") {
  std::string largest = "18446744073709551615";
  CHECK(fault_of_whole_number(largest, 0, std::numeric_limits<std::uint64_t>::max()).empty());
}

}  // namespace pocketmq::tests
