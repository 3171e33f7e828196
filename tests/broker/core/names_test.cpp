#include "broker/core/names.hpp"

#include "broker/core/errors.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

namespace basic = protocol::basic;
namespace exchange = protocol::exchange;
namespace queue = protocol::queue;

std::list<std::string> removed_from(protocol::Method& method) {
  std::list<std::string> storage;
  std::visit([&](auto& m) { broker::remove_line_ends(m, storage); }, method);
  return storage;
}

}  // namespace

TEST_CASE("names that are not UTF-8 are refused in RabbitMQ's words") {
  CHECK_NOTHROW(broker::require_utf8_names(queue::Declare{.queue = "ä"}));
  CHECK_THROWS_WITH(broker::require_utf8_names(queue::Declare{.queue = "\xff"}), "Malformed UTF-8 in shortstr");
  CHECK_THROWS_WITH(broker::require_utf8_names(basic::Cancel{.consumer_tag = "\xff"}), "Malformed UTF-8 in shortstr");
}

TEST_CASE("a publish may look for any name") {
  CHECK_NOTHROW(broker::require_utf8_names(basic::Publish{.exchange = "\xff", .routing_key = "\xff"}));
}

TEST_CASE("line ends are taken out of what is declared and bound, but not out of keys") {
  protocol::Method declare = queue::Declare{.queue = "a\nb\r"};
  const auto name = removed_from(declare);
  CHECK(std::get<queue::Declare>(declare).queue == "ab");

  protocol::Method bind = exchange::Bind{.destination = "x\n", .source = "\ry", .routing_key = "k\n"};
  const auto names = removed_from(bind);
  const auto& bound = std::get<exchange::Bind>(bind);
  CHECK(bound.destination == "x");
  CHECK(bound.source == "y");
  CHECK(bound.routing_key == "k\n");
}

TEST_CASE("nothing is taken out of what is only looked for") {
  for (protocol::Method method :
       {protocol::Method{queue::Purge{.queue = "a\n"}}, protocol::Method{basic::Get{.queue = "a\n"}},
        protocol::Method{queue::Declare{.queue = "a"}}})
    CHECK(removed_from(method).empty());
}

}  // namespace pocketmq::tests
