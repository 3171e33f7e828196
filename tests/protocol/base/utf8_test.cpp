#include "protocol/base/utf8.hpp"

#include "tests/support/catch.hpp"

using namespace pocketmq::protocol;

TEST_CASE("UTF-8 is told from other bytes") {
  for (const auto* text : {"", "plain", "é", "€", "😀", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf", "\xee\x80\x80"})
    CHECK(is_utf8(text));
  for (const auto* bytes : {
           "\x80",              // a continuation without a lead
           "\xc3",              // a lead without its continuation
           "\xc3(",             //
           "\xe2\x82",          // a character that is cut off
           "\xc0\xaf",          // '/' in two bytes
           "\xe0\x80\xaf",      // and in three
           "\xf0\x80\x80\xaf",  // and in four
           "\xed\xa0\x80",      // half of a surrogate pair
           "\xf4\x90\x80\x80",  // beyond Unicode
           "\xf5\x80\x80\x80",
           "\xfe",
           "\xff",
       })
    CHECK_FALSE(is_utf8(bytes));
}

TEST_CASE("a character has its code point and its size") {
  const auto check = [](std::string_view text, char32_t code_point, std::size_t size) {
    const auto character = first_character(text);
    CHECK(character.code_point == code_point);
    CHECK(character.size_bytes == size);
  };
  check("ab", U'a', 1);
  check("\xc3\xa9!", U'\u00e9', 2);
  check("\xe2\x82\xac!", U'\u20ac', 3);
  check("\xf0\x9f\x98\x80!", U'\U0001F600', 4);
}

TEST_CASE("what a terminal acts on is a control character") {
  for (const char32_t c : {U'\0', U'\n', U'\x1b', U'\x7f', U'\x9b', U'\u2028', U'\u202e', U'\u2066'})
    CHECK(is_control(c));
  for (const char32_t c : {U' ', U'a', U'~', U'\u00a0', U'\u00e9', U'\u20ac', U'\U0001F600'})
    CHECK_FALSE(is_control(c));
}
