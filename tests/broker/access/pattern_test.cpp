// Patterns of names, as PCRE reads them. What is expected here, PCRE answered.
#include "broker/access/pattern.hpp"

#include <bitset>
#include <cctype>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::Pattern;
using broker::PatternError;

struct Example {
  std::string pattern;
  std::vector<std::string> in{};   // found in these names
  std::vector<std::string> out{};  // and not in these
};

std::string refusal_of_pattern(const std::string& pattern) {
  try {
    (void)Pattern{pattern};
    return "(none)";
  } catch (const PatternError& error) {
    return error.what();
  }
}

}  // namespace

TEST_CASE("a pattern is found in a name or not") {
  const auto [pattern, in, out] = GENERATE(values<Example>({
      // anywhere, unless it says otherwise
      {"b", {"b", "abc", "cab"}, {"", "B", "ac"}},
      {"", {"", "a"}},
      {".*", {"", "a"}},
      {"^$", {""}, {"a"}},
      {"^a", {"a", "ab"}, {"ba"}},
      {"a$", {"a", "ba", "ba\n"}, {"ab", "a\n\n"}},
      {"a\\Z", {"a\n"}, {"ab"}},
      {"a\\z", {"a"}, {"a\n"}},
      {"\\Aa", {"ab"}, {"ba"}},
      {"^orders\\.", {"orders.new"}, {"ordersXnew", "my.orders.new"}},
      // alternatives and groups
      {"^(amq\\.gen.*|amq\\.default)$", {"amq.default", "amq.gen-x"}, {"amq.defaults", "amq.direct"}},
      {"a|b|cd", {"xa", "b", "cd"}, {"c", "d"}},
      {"^(?:a|)b$", {"ab", "b"}, {"aab"}},
      {"^(a(b(c)?)?)?$", {"", "a", "ab", "abc"}, {"b", "ac"}},
      // repetitions
      {"^a*b+c?$", {"b", "aabbc"}, {"ac", "bcc"}},
      {"^a{2}$", {"aa"}, {"a", "aaa"}},
      {"^a{2,}$", {"aa", "aaaa"}, {"a"}},
      {"^a{1,2}$", {"a", "aa"}, {"", "aaa"}},
      {"^a{0}b$", {"b"}, {"ab"}},
      {"^(ab){2,3}?$", {"abab", "ababab"}, {"ab", "abababab"}},
      {"^a+?b*?c??$", {"a", "aabbc"}, {"b"}},
      {"^(a*)*$", {"", "aaa"}, {"b"}},
      {"^((a?)+|b)*c$", {"c", "abac"}, {"abad"}},
      {"^a{,2}$", {"a{,2}"}, {"a"}},
      {"^a{2$", {"a{2"}, {"aa"}},
      {"^a{2,3$", {"a{2,3"}, {"aa"}},
      {"^a{2,x}$", {"a{2,x}"}, {"aa"}},
      {"^a{2,2}$", {"aa"}, {"a", "aaa"}},
      {"^a{0,}$", {"", "aa"}, {"b"}},
      {"^a{10}$", {std::string(10, 'a')}, {std::string(9, 'a'), std::string(11, 'a')}},
      {"^a{1000}$", {std::string(1'000, 'a')}, {std::string(999, 'a'), std::string(1'001, 'a')}},
      {"^a{999,1000}$", {std::string(999, 'a'), std::string(1'000, 'a')}, {std::string(1'001, 'a')}},
      {"^a{1000,}$", {std::string(1'001, 'a')}, {std::string(999, 'a')}},
      {"^{a}$", {"{a}"}},
      // classes
      {"^[a-c_]$", {"a", "c", "_"}, {"d", "-"}},
      {"^[^a-c]$", {"d", "-", "\n"}, {"a", ""}},
      {"^[]a]$", {"]", "a"}, {"b"}},
      {"^[^]a]$", {"b"}, {"]", "a"}},
      {"^[a-]$", {"a", "-"}, {"b"}},
      {"^[.$^*|(]$", {".", "$", "^", "*", "|", "("}, {"a"}},
      {"^[\\d\\-x]$", {"7", "-", "x"}, {"d"}},
      {"^[[:alpha:]_]+$", {"aZ_"}, {"a1"}},
      {"^[[:^digit:]]$", {"a"}, {"1"}},
      {"^[\\x41-\\x43]$", {"B"}, {"D"}},
      {".", {"a"}, {"", "\n"}},
      {"^\\d\\D\\w\\W\\s\\S$", {"1a_- x"}, {"1a_--x"}},
      {"^\\.\\*\\\\\\/$", {".*\\/"}},
      {"^\\t\\n\\x2e$", {"\t\n."}},
      {"^é$", {"é"}, {"e"}},
      // words
      {"\\bq\\b", {"q", "a.q-b"}, {"aq", "q1"}},
      {"a\\Bb", {"ab"}, {"a.b"}},
      // looking ahead
      {"^(?!amq\\.).*", {"orders", "amqx", ""}, {"amq.gen-x"}},
      {"^(?!.*secret)", {"open"}, {"top.secret.x"}},
      {"^(?=.*a)(?=.*b)", {"xbxa"}, {"xb"}},
      {"^(?:(?!ab).)+$", {"aacb"}, {"aab"}},
      {"(?=a)(?!ab).", {"ac", "xab.a"}, {"ab", "x"}},
      // either case
      {"(?i)^Orders[x-z]$", {"ordersX", "ORDERSy"}, {"orders"}},
      {"(?i)^[^q]$", {"a"}, {"q", "Q"}},
  }));
  CAPTURE(pattern);
  const Pattern compiled{pattern};
  for (const auto& name : in) {
    CAPTURE(name);
    CHECK(compiled.found_in(name));
  }
  for (const auto& name : out) {
    CAPTURE(name);
    CHECK_FALSE(compiled.found_in(name));
  }
}

TEST_CASE("a pattern that is malformed or not supported is refused with the place") {
  const auto [pattern, why] = GENERATE(table<std::string, std::string>({
      {"(", "missing ')' at byte 1"},
      {"a(b", "missing ')' at byte 3"},
      {")", "unmatched ')' at byte 0"},
      {"a)", "unmatched ')' at byte 1"},
      {"[a", "missing ']' at byte 2"},
      {"[]", "missing ']' at byte 2"},
      {"[a-", "missing ']' at byte 3"},
      {"[a\\", "missing ']' at byte 3"},
      {"[z-a]", "range out of order in character class at byte 4"},
      {"[a-\\d]", "a range ends in a class at byte 5"},
      {"[[:wurst:]]", "unknown POSIX class name at byte 3"},
      {"[[:alpha", "missing ':]' at byte 3"},
      {"[^]", "missing ']' at byte 3"},
      {"\\xg0", "\\x wants two hexadecimal digits at byte 2"},
      {"\\x0", "\\x wants two hexadecimal digits at byte 3"},
      {"\\q", "the escape \\q is not supported at byte 2"},
      {"(a", "missing ')' at byte 2"},
      {"(?=a", "missing ')' at byte 4"},
      {"*a", "nothing to repeat at byte 0"},
      {"{2}", "nothing to repeat at byte 0"},
      {"(+)", "nothing to repeat at byte 1"},
      {"a**", "nothing to repeat at byte 2"},
      {"^*", "nothing to repeat at byte 1"},
      {"a{2,1}", "numbers out of order in {} quantifier at byte 6"},
      {"a{1001}", "more than 1000 repetitions at byte 7"},
      {"a{1001,}", "more than 1000 repetitions at byte 8"},
      {"a{1,1001}", "more than 1000 repetitions at byte 9"},
      {"a{99999999999}", "more than 1000 repetitions at byte 14"},
      {"a{1,2}*", "nothing to repeat at byte 6"},
      {"a++", "possessive quantifiers are not supported at byte 2"},
      {"\\", "a \\ at the end of the pattern at byte 1"},
      {"\\x4", "\\x wants two hexadecimal digits at byte 3"},
      {"(?!a(?=b))", "a look-ahead inside a look-ahead is not supported at byte 7"},
      {"\\p{L}", "the escape \\p is not supported at byte 2"},
      {"(a)\\1", "back-references and octal numbers are not supported at byte 5"},
  }));
  CHECK(refusal_of_pattern(pattern) == why);
}

TEST_CASE("each class has the bytes that C gives it, and its complement the others") {
  const auto bytes_in = [](const std::string& pattern) {
    const Pattern compiled{"^" + pattern + "\\z"};
    std::bitset<256> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = compiled.found_in(std::string(1, static_cast<char>(i)));
    return bytes;
  };
  const auto bytes_that = [](int (*is)(int)) {
    std::bitset<256> bytes;
    for (int i = 0; i < 256; ++i) bytes[static_cast<std::size_t>(i)] = is(i) != 0;
    return bytes;
  };
  const auto word = [](int byte) { return static_cast<int>(std::isalnum(byte) != 0 || byte == '_'); };
  const auto [name, escape, is] = GENERATE_COPY(table<std::string, std::string, int (*)(int)>({
      {"alnum", "", ::isalnum},
      {"alpha", "", ::isalpha},
      {"blank", "", ::isblank},
      {"digit", "d", ::isdigit},
      {"graph", "", ::isgraph},
      {"lower", "", ::islower},
      {"punct", "", ::ispunct},
      {"space", "s", ::isspace},
      {"upper", "", ::isupper},
      {"word", "w", +word},
      {"xdigit", "", ::isxdigit},
  }));
  CAPTURE(name);
  const auto expected = bytes_that(is);
  CHECK(bytes_in("[[:" + name + ":]]") == expected);
  CHECK(bytes_in("[[:^" + name + ":]]") == ~expected);
  CHECK(bytes_in("[^[:" + name + ":]]") == ~expected);
  if (escape.empty()) return;
  auto capital = escape;
  capital[0] = static_cast<char>(std::toupper(capital[0]));
  CHECK(bytes_in("\\" + escape) == expected);
  CHECK(bytes_in("[\\" + escape + "]") == expected);
  CHECK(bytes_in("\\" + capital) == ~expected);
  CHECK(bytes_in("[^\\" + capital + "]") == expected);
}

TEST_CASE("an escape stands for its byte, within a class and outside") {
  const auto [escape, byte] = GENERATE(table<std::string, char>({{"\\t", '\t'},
                                                                 {"\\n", '\n'},
                                                                 {"\\r", '\r'},
                                                                 {"\\f", '\f'},
                                                                 {"\\e", '\x1b'},
                                                                 {"\\a", '\a'},
                                                                 {"\\x00", '\0'},
                                                                 {"\\x09", '\t'},
                                                                 {"\\xaF", '\xaf'},
                                                                 {"\\xFf", '\xff'},
                                                                 {"\\.", '.'},
                                                                 {"\\]", ']'},
                                                                 {"\\-", '-'}}));
  CAPTURE(escape);
  for (const auto& pattern : {"^" + escape + "\\z", "^[" + escape + "]\\z"}) {
    const Pattern compiled{pattern};
    for (int i = 0; i < 256; ++i)
      CHECK(compiled.found_in(std::string(1, static_cast<char>(i))) == (static_cast<char>(i) == byte));
  }
  CHECK(Pattern{"^[\\b]$"}.found_in("\b"));
}

TEST_CASE("groups are as deep inside each other as they may be, and no deeper") {
  const auto nested = [](std::size_t depth) { return std::string(depth, '(') + "a" + std::string(depth, ')'); };
  CHECK(Pattern{nested(99)}.found_in("a"));
  CHECK_THAT(refusal_of_pattern(nested(100)), Catch::StartsWith("groups are too deep inside each other"));
  std::string beside;
  for (int i = 0; i < 200; ++i) beside += "(a)";
  CHECK(Pattern{beside}.found_in(std::string(200, 'a')));  // beside each other they are not deep
}

TEST_CASE("a pattern has as many instructions as it may have, and no more") {
  const auto bytes = [](std::size_t count) { return std::string(count, 'a'); };
  CHECK(refusal_of_pattern(bytes(broker::pattern_instructions_max)) == "(none)");
  CHECK_THAT(refusal_of_pattern(bytes(broker::pattern_instructions_max + 1)),
             Catch::StartsWith("the pattern is too large"));
  const auto alternatives = [&](std::size_t size) { return bytes(size) + "|" + bytes(size); };
  CHECK(refusal_of_pattern(alternatives(broker::pattern_instructions_max / 2 - 1)) == "(none)");
  CHECK_THAT(refusal_of_pattern(alternatives(broker::pattern_instructions_max / 2)),
             Catch::StartsWith("the pattern is too large"));
  // A repetition is reckoned with two instructions more for each time, and one time more.
  const auto repeated = [&](std::size_t size) { return "(" + bytes(size) + "){9}"; };
  CHECK(refusal_of_pattern(repeated(broker::pattern_instructions_max / 10 - 2)) == "(none)");
  CHECK_THAT(refusal_of_pattern(repeated(broker::pattern_instructions_max / 10 - 1)),
             Catch::StartsWith("the pattern is too large"));
}

TEST_CASE("special groups that are not supported are refused") {
  for (const auto* pattern : {"(?<=a)b", "(?<!a)b", "(?>a)b", "(?<n>a)", "(?P<n>a)", "a(?i)b", "(?#c)", "(*FAIL)"})
    CHECK_THAT(refusal_of_pattern(pattern),
               Catch::StartsWith("of the special groups only (?:...), (?=...), (?!...) and"));
}

TEST_CASE("a pattern that would take too much memory is refused") {
  CHECK(refusal_of_pattern("((a{100}){100}){100}") == "the pattern is too large at byte 14");
  CHECK_THAT(refusal_of_pattern(std::string(5'000, 'a')), Catch::StartsWith("the pattern is too large"));
  CHECK_THAT(refusal_of_pattern(std::string(100'000, '(')), Catch::StartsWith("groups are too deep inside each other"));
}

// A backtracking engine does not come back from these.
TEST_CASE("no name makes a pattern take its time") {
  const std::string name = std::string(254, 'a') + "!";
  for (const auto* pattern : {"^(a+)+$", "^(a|aa)+$", "^(a*)*$", "(a|a|a|a)*$x", "^(a?){200}a{200}$", "^(.*.*)*.*x",
                              "^(?!(a+)+$)(a*)*b", "((a*)*)*b"})
    CHECK_FALSE(Pattern{pattern}.found_in(name));
}

TEST_CASE("a search draws on the budget and is given up when it takes too long") {
  const Pattern quick{"^a"}, slow{"((a|b|c|d|e|f|g)*(a|b|c|d|e|f|g)*){40}x"};
  broker::Budget budget;
  budget.grant(1'000'000);
  CHECK(quick.found_in("abc", &budget));
  CHECK(budget.left() > 999'900);
  CHECK_FALSE(slow.found_in(std::string(255, 'a') + "x", &budget));
  CHECK(budget.left() < 990'000);
  CHECK(budget.left() > 900'000);
  CHECK(slow.found_in("ax"));
}

}  // namespace pocketmq::tests
