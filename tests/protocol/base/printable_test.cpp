#include "protocol/base/printable.hpp"

#include "tests/support/catch.hpp"

using namespace pocketmq::protocol;
using namespace std::string_view_literals;

TEST_CASE("text in any script is printable as it is") {
  for (const auto text : {""sv, "plain text, with \\ and \"quotes\""sv, "Grüße, 你好, שלום, 👋🏽"sv})
    CHECK(printable(text) == text);
}

TEST_CASE("control characters are shown, not sent to the terminal") {
  CHECK(printable("\x1b]0;owned\x07\x1b[2J pretty\nfake line"sv) == R"(\x1b]0;owned\x07\x1b[2J pretty\nfake line)");
  CHECK(printable("a\0b\r\tc"sv) == R"(a\x00b\r\tc)");
  CHECK(printable("\u009b31m red \u0085\x7f"sv) == R"(\u009b31m red \u0085\u007f)");
  CHECK(printable("\u202eevil\u2066\u200f\u2028"sv) == R"(\u202eevil\u2066\u200f\u2028)");
}

TEST_CASE("bytes that are not UTF-8 are shown one by one") {
  CHECK(printable("\x9b"
                  "31m"sv)
        == R"(\x9b31m)");
  CHECK(printable("\xff\xfe"sv) == R"(\xff\xfe)");
  CHECK(printable("ü\xc3"sv) == R"(ü\xc3)");                                // a character that is cut off
  CHECK(printable("\xc0\x9b\xed\xa0\x80"sv) == R"(\xc0\x9b\xed\xa0\x80)");  // too long a form, a surrogate
}

TEST_CASE("where a text may have several lines, line ends and tabs stay") {
  CHECK(printable("one\n\ttwo\r\n\x1b[1m"sv, LineEnds::kept) == "one\n\ttwo\\r\n\\x1b[1m");
}
