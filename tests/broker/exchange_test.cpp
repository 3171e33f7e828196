// Exchanges: today the default exchange, which cannot be changed, and how messages are routed through it.
#include "broker/exchange.hpp"

#include "broker/broker.hpp"
#include "broker/errors.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

namespace exchange = protocol::exchange;

constexpr auto fixed = "ACCESS_REFUSED - operation not permitted on the default exchange";

}  // namespace

TEST_CASE("the default exchange routes to the queue of that name") {
  World world;
  auto alice = world.connect();
  alice.declares("q").declares("qq");
  auto& virtual_host = *world.broker().find_virtual_host("/");
  const auto& exchange = virtual_host.require_exchange("");
  CHECK(virtual_host.route(exchange, "q") == std::vector{virtual_host.find_queue("q")});
  CHECK(virtual_host.route(exchange, "qq") == std::vector{virtual_host.find_queue("qq")});
  CHECK(virtual_host.route(exchange, "").empty());
  CHECK(virtual_host.route(exchange, "Q").empty());
  alice.deletes("q");
  CHECK(virtual_host.route(exchange, "q").empty());
}

TEST_CASE("an exchange appends to the queues that others found") {
  World world;
  world.connect().declares("q").declares("r");
  auto& virtual_host = *world.broker().find_virtual_host("/");
  std::vector<broker::Queue*> found{virtual_host.find_queue("r")};
  virtual_host.require_exchange("").route("q", found);
  CHECK(found == std::vector{virtual_host.find_queue("r"), virtual_host.find_queue("q")});
}

TEST_CASE("an exchange that is not there is missed by name") {
  World world;
  auto& virtual_host = *world.broker().find_virtual_host("/");
  CHECK(virtual_host.require_exchange("").name().empty());
  CHECK_THROWS_AS(virtual_host.require_exchange("nope"), broker::ChannelError);
}

TEST_CASE("the default exchange is not declared deleted or bound") {
  World world;
  auto alice = world.connect();
  alice.declares("q");
  const auto method = GENERATE(values<protocol::Method>({
      exchange::Declare{.exchange = "", .type = "direct"},
      exchange::Declare{.exchange = "", .type = "direct", .passive = true},
      exchange::Delete{.exchange = ""},
      queue::Bind{.queue = "q", .exchange = "", .routing_key = "k"},
      queue::Unbind{.queue = "q", .exchange = "", .routing_key = "q"},
  }));
  alice.sends(method).channel_is_closed(ReplyCode::access_refused, fixed);
  alice.opens_channel(1).publishes("q", "m").gets("q", "m");
}

TEST_CASE("what needs an exchange that is not there is refused") {
  World world;
  auto alice = world.connect();
  alice.declares("q");
  const auto method = GENERATE(values<protocol::Method>({
      exchange::Declare{.exchange = "nope", .type = "direct", .passive = true},
      exchange::Declare{.exchange = "nope", .type = "wurst", .passive = true, .no_wait = true},
      queue::Bind{.queue = "q", .exchange = "nope", .routing_key = "k"},
      queue::Bind{.queue = "no queue", .exchange = "nope", .routing_key = "k"},
  }));
  alice.sends(method).channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no exchange 'nope' in vhost '/'");
}

TEST_CASE("deleting or unbinding what is not there is fine") {
  World world;
  auto alice = world.connect();
  alice.sends(exchange::Delete{.exchange = "nope"}).is_answered(exchange::DeleteOk{});
  alice.sends(exchange::Delete{.exchange = "nope", .no_wait = true}).receives_nothing();
  alice.sends(queue::Unbind{.queue = "q", .exchange = "nope", .routing_key = "k"}).is_answered(queue::UnbindOk{});
}

TEST_CASE("other exchanges are not implemented yet") {
  World world;
  world.connect()
      .sends(exchange::Declare{.exchange = "mine", .type = "direct"})
      .connection_is_closed(ReplyCode::not_implemented,
                            "NOT_IMPLEMENTED - cannot declare exchange 'mine': PocketMQ has only the default exchange "
                            "''");
}

}  // namespace pocketmq::tests
