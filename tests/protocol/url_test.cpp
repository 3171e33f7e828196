#include "protocol/url.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::protocol {
namespace {

using namespace std::chrono_literals;

Url read(std::string_view text) {
  auto parsed = parse_url(text);
  INFO(text << ": " << parsed.fault);
  REQUIRE(parsed.url);
  return *parsed.url;
}

std::string fault(std::string_view text) {
  auto parsed = parse_url(text);
  INFO(text);
  REQUIRE_FALSE(parsed.url);
  return parsed.fault;
}

TEST_CASE("a URL gives encoding, login, place and virtual host") {
  CHECK(read("amqp://alice:secret@example.org:5673/shop")
        == Url{.encoding = Encoding::amqp,
               .user = "alice",
               .password = "secret",
               .host = "example.org",
               .port = 5673,
               .virtual_host = "shop"});
  CHECK(read("amqp+json://localhost").encoding == Encoding::json);
}

TEST_CASE("what a URL leaves out is guest's at localhost") {
  for (const auto* text : {"amqp://", "amqp:///", "amqp://localhost", "amqp://localhost:", "amqp://localhost:5672/",
                           "amqp://guest:guest@localhost", "amqp://localhost/%2f", "amqp://localhost/%2F?"})
    CHECK(read(text) == Url{});
}

TEST_CASE("a user without a password has an empty one") {
  CHECK(read("amqp://alice@h").user == "alice");
  CHECK(read("amqp://alice@h").password.empty());
}

TEST_CASE("login, host and virtual host are percent-decoded") {
  const auto url = read("amqp://user%61:%61pass%3A%40@ho%61st:10000/v%2fhost");
  CHECK(url.user == "usera");
  CHECK(url.password == "apass:@");
  CHECK(url.host == "hoast");
  CHECK(url.virtual_host == "v/host");
}

TEST_CASE("an IPv6 address stands in brackets") {
  CHECK(read("amqp://[::1]").host == "::1");
  CHECK(read("amqp://[fe80::1]:5673/v").port == 5673);
}

TEST_CASE("options follow a question mark") {
  const auto url = read("amqp://h/?heartbeat=10&connection_timeout=2500&frame_max=8192");
  CHECK(url.heartbeat == 10s);
  CHECK(url.connection_timeout == 2500ms);
  CHECK(url.frame_max_bytes == 8192);
  CHECK(read("amqp://h?heartbeat=0").heartbeat == 0s);
}

TEST_CASE("a URL reads back what it was written as") {
  for (const auto* text : {"amqp://", "amqp+json://a%2Fb:c%40d@[::1]:1/x%2Fy?heartbeat=3&frame_max=0",
                           "amqp://u@h:99/%C3%A4?connection_timeout=1"}) {
    const auto url = read(text);
    CHECK(read(to_string(url)) == url);
  }
  CHECK(to_string(read("amqp+json://h")) == "amqp+json://guest:guest@h:5672/");
}

TEST_CASE("a fault says what is wrong and what to write") {
  using Catch::Matchers::Contains;
  CHECK_THAT(fault("localhost:5672"), Contains("must begin with amqp:// or amqp+json://"));
  CHECK_THAT(fault("http://localhost"), Contains("the scheme is amqp://"));
  CHECK_THAT(fault("amqps://localhost"), Contains("TLS"));
  CHECK_THAT(fault("amqp://h:0"), Contains("the port '0' is not a whole number from 1 to 65535"));
  CHECK_THAT(fault("amqp://h:65536"), Contains("port '65536'"));
  CHECK_THAT(fault("amqp://h:5672x"), Contains("port '5672x'"));
  CHECK_THAT(fault("amqp://::1/"), Contains("in brackets"));
  CHECK_THAT(fault("amqp://[::1"), Contains("']'"));
  CHECK_THAT(fault("amqp://[::1]5672"), Contains("':port'"));
  CHECK_THAT(fault("amqp://h/a/b"), Contains("%2F"));
  CHECK_THAT(fault("amqp://h/%2"), Contains("two hexadecimal digits"));
  CHECK_THAT(fault("amqp://%zz@h/"), Contains("in the user"));
  CHECK_THAT(fault("amqp://h?heartbeat=soon"), Contains("heartbeat (seconds) 'soon'"));
  CHECK_THAT(fault("amqp://h?hartbeat=1"), Contains("there is no option 'hartbeat'"));
  CHECK_THAT(fault("amqp://h/" + std::string(256, 'v')), Contains("255"));
}

TEST_CASE("a password is never shown") {
  CHECK(to_string(read("amqp://alice:secret@h"), Secrets::hidden) == "amqp://alice:***@h:5672/");
  for (const auto* text : {"amqp://alice:secret@h:0/", "http://alice:secret@h", "amqp://alice:secret/@h",
                           "amqp://alice:secret?@h", "alice:secret@h", "amqp://alice:sec@ret@h:x"}) {
    const auto why = fault(text);
    CHECK(why.find("secret") == std::string::npos);
    CHECK(why.find("cret") == std::string::npos);
    CHECK(why.find("ret@h") == std::string::npos);
  }
}

}  // namespace
}  // namespace pocketmq::protocol
