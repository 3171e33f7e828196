#include "server/handler.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::server {
namespace {

using client::Bytes;
using client::RpcCode;
using client::RpcError;

int twice(int n) { return 2 * n; }
struct Counter {
  int count{0};
  int operator()() { return ++count; }
};

TEST_CASE("any callable with one signature is a handler") {
  CHECK(make_handler(twice)("21").body == "42");
  CHECK(make_handler(&twice)("21").body == "42");
  CHECK(make_handler([](const std::string& a, int n) { return a + std::to_string(n); })(R"(["x",1])").body
        == R"("x1")");
  CHECK(make_handler([]() noexcept { return true; })("").body == "true");
  CHECK(make_handler(std::function<int(int)>{twice})("1").body == "2");
  auto counter = make_handler(Counter{});
  CHECK(counter("").body == "1");
  CHECK(counter("").body == "2");
}

TEST_CASE("a handler without result gives null") {
  int seen = 0;
  CHECK(make_handler([&](int n) { seen = n; })("7").body == "null");
  CHECK(seen == 7);
}

TEST_CASE("a bytes handler gets and gives bodies untouched") {
  auto reverse = make_handler([](Bytes bytes) { return Bytes{{bytes.data.rbegin(), bytes.data.rend()}}; });
  const auto reply = reverse(std::string_view{"\xff\0x", 3});
  CHECK(reply.body == std::string{"x\0\xff", 3});
  CHECK(reply.content_type == "application/octet-stream");
}

TEST_CASE("a handler that owns what cannot be copied") {
  CHECK(make_handler([n = std::make_unique<int>(3)] { return *n; })("").body == "3");
}

TEST_CASE("what does not convert never reaches the handler") {
  auto handler = make_handler([](int) { FAIL("called"); });
  try {
    handler("\"thirty\"");
    FAIL("accepted");
  } catch (const RpcError& error) {
    CHECK(error.code() == RpcCode::invalid_argument);
  }
}

}  // namespace
}  // namespace pocketmq::server
