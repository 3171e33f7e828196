// What people may write for an address to listen on.
#include "broker/host/listen_address.hpp"

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

using broker::describe;
using broker::listen_addresses;

std::string only_address(std::string_view host) {
  const auto addresses = listen_addresses(host, 7);
  REQUIRE(addresses.size() == 1);
  CHECK_FALSE(addresses[0].is_optional);
  return describe(addresses[0].endpoint);
}

}  // namespace

TEST_CASE("an address of either version stands for itself") {
  CHECK(only_address("127.0.0.1") == "127.0.0.1:7");
  CHECK(only_address("0.0.0.0") == "0.0.0.0:7");
  CHECK(only_address("::1") == "[::1]:7");
  CHECK(only_address("[::1]") == "[::1]:7");
  CHECK(only_address("::") == "[::]:7");
}

TEST_CASE("localhost is loopback of both versions") {
  for (const auto* host : {"localhost", "LocalHost"}) {
    const auto addresses = listen_addresses(host, 7);
    REQUIRE(addresses.size() == 2);
    CHECK(describe(addresses[0].endpoint) == "127.0.0.1:7");
    CHECK_FALSE(addresses[0].is_optional);
    CHECK(describe(addresses[1].endpoint) == "[::1]:7");
    CHECK(addresses[1].is_optional);
  }
}

TEST_CASE("what is no address and no name is refused without asking anybody") {
  for (const std::string host : {"", "no host", "127.0.0.1:5672", "[localhost]", "[::1", "a/b", "*"})
    CHECK_THROWS_WITH(listen_addresses(host, 7), Catch::StartsWith("'" + host + "' is no address and no host's name"));
}

}  // namespace pocketmq::tests
