#include "broker/session/server_properties.hpp"

#include "protocol/vocabulary/field_table.hpp"
#include "tests/support/catch.hpp"

using namespace pocketmq;
using protocol::FieldTable;

TEST_CASE("clients are told what the options say, and the capabilities of RabbitMQ") {
  const auto encoded = broker::server_properties({.product = "Pocket", .product_version = "7"});
  const FieldTable properties{encoded};
  REQUIRE_FALSE(find_fault(properties, 2));
  CHECK(properties.find("product")->string() == "Pocket");
  CHECK(properties.find("version")->string() == "7");
  const auto capabilities = properties.find("capabilities")->table();
  REQUIRE(capabilities);
  CHECK(capabilities->find("basic.nack")->boolean() == true);
  CHECK(capabilities->find("connection.blocked")->boolean() == true);
}
