#include "client/json/rpc_json.hpp"

#include <limits>
#include <type_traits>

#include <nlohmann/json.hpp>

#include "client/json/value_types.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::client {
namespace {

using namespace rpc_json;

// Throws RpcError with the code and the text.
auto refuses(RpcCode code, std::string text) {
  return Catch::Predicate<RpcError>(
      [code, text](const RpcError& error) {
        UNSCOPED_INFO(error.what());
        return error.code() == code && error.message() == text;
      },
      text);
}

struct Point {
  int x{0};
  int y{0};
  friend bool operator==(const Point&, const Point&) = default;
};
void to_json(json& to, const Point& point) { to = {{"x", point.x}, {"y", point.y}}; }
void from_json(const json& from, Point& point) {
  from.at("x").get_to(point.x);
  from.at("y").get_to(point.y);
}

// What is sent for a parameter.
static_assert(std::is_same_v<Argument<int>, int>);
static_assert(std::is_same_v<Argument<const std::string&>, std::string>);
static_assert(std::is_same_v<Argument<std::string&&>, std::string>);
static_assert(std::is_same_v<Argument<const int>, int>);
static_assert(std::is_same_v<Argument<std::string&>, std::string&>);  // which is refused

TEST_CASE("one argument is the value, none an empty body, several an array") {
  CHECK(encode_arguments(30).body == "30");
  CHECK(encode_arguments(std::string{"a\"b"}).body == R"("a\"b")");
  CHECK(encode_arguments(std::vector<int>{1, 2}).body == "[1,2]");
  CHECK(encode_arguments().body.empty());
  CHECK(encode_arguments(1, std::string{"x"}, 2.5).body == R"([1,"x",2.5])");
  CHECK(encode_arguments(Point{1, 2}).body == R"({"x":1,"y":2})");
  CHECK(encode_arguments(30).content_type.empty());
}

TEST_CASE("the receiver's arity decides how a body is read") {
  CHECK(decode_arguments<int>("30") == std::tuple{30});
  CHECK(decode_arguments<std::vector<int>>("[1,2]") == std::tuple{std::vector{1, 2}});
  CHECK(decode_arguments<int, std::string>(R"([1,"x"])") == std::tuple{1, std::string{"x"}});
  CHECK(decode_arguments<Point>(R"({"y":2,"x":1})") == std::tuple{Point{1, 2}});
  for (const auto* nothing : {"", "null", "[]", " [ ] "}) CHECK_NOTHROW(decode_arguments<>(nothing));
}

TEST_CASE("bytes are left alone") {
  const std::string bytes{"\0\xff[", 3};
  CHECK(encode_arguments(Bytes{bytes}).body == bytes);
  CHECK(encode_arguments(Bytes{bytes}).content_type == "application/octet-stream");
  CHECK(decode_arguments<Bytes>(bytes) == std::tuple{Bytes{bytes}});
  CHECK(encode_result(Bytes{bytes}).body == bytes);
  CHECK(decode_result<Bytes>(bytes, "f") == Bytes{bytes});
}

TEST_CASE("another number of arguments is refused") {
  const auto invalid = RpcCode::invalid_argument;
  CHECK_THROWS_MATCHES(decode_arguments<int>(""), RpcError, refuses(invalid, "expected 1 argument, given 0 arguments"));
  CHECK_THROWS_MATCHES(decode_arguments<>("30"), RpcError, refuses(invalid, "expected 0 arguments, given 1 argument"));
  CHECK_THROWS_MATCHES((decode_arguments<int, int>("[1]")), RpcError,
                       refuses(invalid, "expected 2 arguments, given 1 argument"));
  CHECK_THROWS_MATCHES((decode_arguments<int, int>("1")), RpcError,
                       refuses(invalid, "expected 2 arguments, given 1 argument"));
  CHECK_THROWS_MATCHES((decode_arguments<int, int>("[1,2,3]")), RpcError,
                       refuses(invalid, "expected 2 arguments, given 3 arguments"));
}

TEST_CASE("an argument of another type is refused, by number, with what was expected and given") {
  const auto invalid = RpcCode::invalid_argument;
  const std::string int_range = "an integer from -2147483648 to 2147483647";
  CHECK_THROWS_MATCHES(decode_arguments<int>("\"30\""), RpcError,
                       refuses(invalid, "argument 1: expected " + int_range + ", given \"30\""));
  CHECK_THROWS_MATCHES(decode_arguments<int>("3.7"), RpcError,
                       refuses(invalid, "argument 1: expected " + int_range + ", given 3.7"));
  CHECK_THROWS_MATCHES(decode_arguments<int>("true"), RpcError,
                       refuses(invalid, "argument 1: expected " + int_range + ", given true"));
  CHECK_THROWS_MATCHES(decode_arguments<int>("2147483648"), RpcError,
                       refuses(invalid, "argument 1: expected " + int_range + ", given 2147483648"));
  CHECK_THROWS_MATCHES((decode_arguments<int, unsigned char>("[1,-1]")), RpcError,
                       refuses(invalid, "argument 2: expected an integer from 0 to 255, given -1"));
  CHECK_THROWS_MATCHES(decode_arguments<bool>("1"), RpcError,
                       refuses(invalid, "argument 1: expected true or false, given 1"));
  CHECK_THROWS_MATCHES(decode_arguments<double>("null"), RpcError,
                       refuses(invalid, "argument 1: expected a number, given null"));
  CHECK_THROWS_MATCHES(decode_arguments<std::string>("30"), RpcError,
                       refuses(invalid, "argument 1: expected a string, given 30"));
  CHECK_THROWS_MATCHES(decode_arguments<Point>(R"({"x":1})"), RpcError,
                       refuses(invalid, R"(argument 1: key 'y' not found, given {"x":1})"));
}

TEST_CASE("containers hold what they say, and an element that does not fit is told by its place") {
  const auto invalid = RpcCode::invalid_argument;
  using Tags = std::map<std::string, std::vector<int>>;
  CHECK(decode_arguments<Tags>(R"({"a":[1,2],"b":[]})") == std::tuple{Tags{{"a", {1, 2}}, {"b", {}}}});
  CHECK(encode_arguments(Tags{{"a", {1, 2}}}).body == R"({"a":[1,2]})");
  CHECK(decode_arguments<std::set<int>>("[3,1,3]") == std::tuple{std::set{1, 3}});
  CHECK(decode_arguments<std::array<int, 2>>("[1,2]") == std::tuple{std::array{1, 2}});
  CHECK(decode_arguments<std::pair<int, std::string>>(R"([1,"x"])") == std::make_tuple(std::pair{1, std::string{"x"}}));
  CHECK(decode_arguments<std::vector<Point>>(R"([{"x":1,"y":2}])") == std::tuple{std::vector{Point{1, 2}}});
  CHECK(decode_arguments<std::vector<bool>>("[true]") == std::tuple{std::vector{true}});
  CHECK(encode_arguments(std::vector{Point{1, 2}}).body == R"([{"x":1,"y":2}])");
  CHECK(encode_arguments(std::vector{true}).body == "[true]");

  CHECK_THROWS_MATCHES(decode_arguments<std::vector<bool>>("[true,false,1]"), RpcError,
                       refuses(invalid, "argument 1, element 3: expected true or false, given 1"));
  CHECK_THROWS_MATCHES((decode_arguments<int, Tags>(R"([1,{"a":[1,"x"]}])")), RpcError,
                       refuses(invalid,
                               "argument 2, key 'a', element 2: expected an integer from -2147483648 to 2147483647, "
                               "given \"x\""));
  CHECK_THROWS_MATCHES(decode_arguments<std::vector<Point>>(R"([{"x":1}])"), RpcError,
                       refuses(invalid, R"(argument 1, element 1: key 'y' not found, given {"x":1})"));
  CHECK_THROWS_MATCHES((decode_arguments<std::array<int, 2>>("[1,2,3]")), RpcError,
                       refuses(invalid, "argument 1: expected an array of 2 elements, given [1,2,3]"));
  CHECK_THROWS_MATCHES(decode_arguments<std::vector<int>>("{}"), RpcError,
                       refuses(invalid, "argument 1: expected an array, given {}"));
  CHECK_THROWS_MATCHES(decode_arguments<Tags>("[]"), RpcError,
                       refuses(invalid, "argument 1: expected an object, given []"));
}

TEST_CASE("an optional value may be null, and is strict where it is not") {
  using Maybe = std::optional<int>;
  CHECK(encode_arguments(Maybe{5}, Maybe{}).body == "[5,null]");
  CHECK(decode_arguments<Maybe, Maybe>("[5,null]") == std::tuple{Maybe{5}, Maybe{}});
  CHECK(decode_arguments<std::vector<Maybe>>("[null,1]") == std::tuple{std::vector<Maybe>{std::nullopt, 1}});
  CHECK(encode_result(Maybe{}).body == "null");
  CHECK(decode_result<Maybe>("null", "f") == Maybe{});
  CHECK_THROWS_MATCHES(decode_arguments<std::optional<bool>>("1"), RpcError,
                       refuses(RpcCode::invalid_argument, "argument 1: expected true or false, given 1"));
}

TEST_CASE("what is no JSON is refused") {
  const auto invalid = RpcCode::invalid_argument;
  CHECK_THROWS_MATCHES(decode_arguments<int>("thirty"), RpcError, refuses(invalid, "the request is no JSON: thirty"));
  CHECK_THROWS_MATCHES(decode_result<int>("", "fib"), RpcError,
                       refuses(RpcCode::internal, "the reply of 'fib' is no JSON: it is empty"));
  CHECK_THROWS_AS(decode_arguments<json>(std::string(100'000, '[')), RpcError);
  CHECK_THROWS_AS(decode_arguments<json>(std::string(65, '[') + std::string(65, ']')), RpcError);
  CHECK_NOTHROW(decode_arguments<json>(std::string(64, '[') + std::string(64, ']')));
  CHECK_NOTHROW(decode_arguments<json>("\"" + std::string(65, '[') + "\\\"[\""));
}

TEST_CASE("a value that nests as deep as it may is read, whatever its strings say") {
  const auto nested = [](std::size_t depth) {
    std::string text;
    for (std::size_t i = 0; i < depth; ++i) text += i % 2 == 0 ? "[" : "{\"]\":";
    text += "1";
    for (std::size_t i = depth; i > 0; --i) text += i % 2 == 1 ? "]" : "}";
    return text;
  };
  CHECK_NOTHROW(decode_arguments<json>(nested(64)));
  CHECK_THROWS_MATCHES(decode_arguments<json>(nested(65)), RpcError,
                       refuses(RpcCode::invalid_argument, "the request nests deeper than 64 levels"));
  std::string beside = "[1";
  for (int i = 0; i < 100; ++i) beside += ",[],{}";
  CHECK_NOTHROW(decode_arguments<json>(beside + "]"));
}

TEST_CASE("of a long text that is refused the beginning is quoted") {
  const auto invalid = RpcCode::invalid_argument;
  CHECK_THROWS_MATCHES(decode_arguments<int>(std::string(60, 'x')), RpcError,
                       refuses(invalid, "the request is no JSON: " + std::string(60, 'x')));
  CHECK_THROWS_MATCHES(decode_arguments<int>(std::string(61, 'x')), RpcError,
                       refuses(invalid, "the request is no JSON: " + std::string(60, 'x') + "..."));
}

TEST_CASE("an integer may be as large as its type, and no larger") {
  const auto fits = [](auto least, auto most) {
    using T = decltype(least);
    CHECK(decode_arguments<T>(std::to_string(least)) == std::tuple{least});
    CHECK(decode_arguments<T>(std::to_string(most)) == std::tuple{most});
    CHECK(encode_arguments(most).body == std::to_string(most));
    CHECK(encode_arguments(least).body == std::to_string(least));
  };
  fits(std::numeric_limits<std::int8_t>::min(), std::numeric_limits<std::int8_t>::max());
  fits(std::numeric_limits<std::uint8_t>::min(), std::numeric_limits<std::uint8_t>::max());
  fits(std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
  fits(std::numeric_limits<std::uint64_t>::min(), std::numeric_limits<std::uint64_t>::max());
  for (const auto* number : {"-129", "128", "9223372036854775808", "1.0", "\"1\"", "null"})
    CHECK_THROWS_AS(decode_arguments<std::int8_t>(number), RpcError);
  for (const auto* number : {"-1", "256", "9223372036854775808", "1.0", "true"})
    CHECK_THROWS_AS(decode_arguments<std::uint8_t>(number), RpcError);
  for (const auto* number : {"9223372036854775808", "-9223372036854775809", "1e3"})
    CHECK_THROWS_AS(decode_arguments<std::int64_t>(number), RpcError);
  for (const auto* number : {"-1", "18446744073709551616", "1e3"})
    CHECK_THROWS_AS(decode_arguments<std::uint64_t>(number), RpcError);
}

TEST_CASE("numbers with a fraction, strings and objects are told from others") {
  const auto invalid = RpcCode::invalid_argument;
  CHECK(decode_arguments<double>("2.5") == std::tuple{2.5});
  CHECK(decode_arguments<float>("3") == std::tuple{3.0F});
  CHECK(encode_arguments(2.5).body == "2.5");
  CHECK(encode_arguments(true, false).body == "[true,false]");
  CHECK_THROWS_MATCHES(decode_arguments<double>("\"2\""), RpcError,
                       refuses(invalid, "argument 1: expected a number, given \"2\""));
  CHECK_THROWS_MATCHES(decode_arguments<std::string>("2"), RpcError,
                       refuses(invalid, "argument 1: expected a string, given 2"));
  CHECK_THROWS_MATCHES((decode_arguments<std::array<int, 1>>("[]")), RpcError,
                       refuses(invalid, "argument 1: expected an array of 1 element, given []"));
  CHECK_THROWS_MATCHES((decode_arguments<std::array<int, 1>>("{}")), RpcError,
                       refuses(invalid, "argument 1: expected an array of 1 element, given {}"));
  CHECK_THROWS_MATCHES((decode_arguments<int, int>("")), RpcError,
                       refuses(invalid, "expected 2 arguments, given 0 arguments"));
  CHECK_THROWS_MATCHES((decode_arguments<int, int>("null")), RpcError,
                       refuses(invalid, "expected 2 arguments, given 1 argument"));
  CHECK_THROWS_MATCHES(decode_arguments<>("{}"), RpcError, refuses(invalid, "expected 0 arguments, given 1 argument"));
}

TEST_CASE("a text that is not UTF-8 is refused by who sends it") {
  CHECK_THROWS_AS(encode_arguments(std::string{"\xff"}), RpcError);
  CHECK_THROWS_AS(encode_result(std::string{"\xff"}), RpcError);
}

TEST_CASE("a result is a value, void is null and takes anything") {
  CHECK(encode_result(5).body == "5");
  CHECK(decode_result<int>("5", "f") == 5);
  CHECK_NOTHROW(decode_result<void>("null", "f"));
  CHECK_NOTHROW(decode_result<void>("", "f"));
  CHECK_THROWS_MATCHES(
      decode_result<int>("null", "f"), RpcError,
      refuses(RpcCode::internal, "the reply of 'f': expected an integer from -2147483648 to 2147483647, given null"));
}

TEST_CASE("an error reads back from its body") {
  const auto error = error_from_body(to_body({RpcCode::resource_exhausted, "no \"room\""}));
  CHECK(error.code() == RpcCode::resource_exhausted);
  CHECK(error.message() == "no \"room\"");
  CHECK(to_body({RpcCode::internal, "bad \xff"}) == "{\"code\":\"internal\",\"message\":\"bad \xEF\xBF\xBD\"}");
}

}  // namespace
}  // namespace pocketmq::client
