// queue.declare: names, equality, and whose a queue is.
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using ReplyCode::precondition_failed;

std::string locked(const std::string& queue) {
  return "RESOURCE_LOCKED - cannot obtain exclusive access to locked queue '" + queue +
         "' in vhost '/'. It could be originally declared on another connection or the exclusive property value does "
         "not match that of the original declaration.";
}

std::string declared_name(const Client& client, const queue::Declare& method) {
  const auto ok = client.sends(method).answer<queue::DeclareOk>();
  return std::string{std::get<queue::DeclareOk>(ok.method).queue};
}

}  // namespace

TEST_CASE("declare-ok says how many messages and consumers there are") {
  World world;
  auto alice = world.connect();
  alice.sends(queue::Declare{.queue = "q"}).is_answered(queue::DeclareOk{.queue = "q"});
  alice.publishes("q", {"1", "2", "3"}).gets("q", "1").prefetches(1).consumes("q").receives("2");
  alice.sends(queue::Declare{.queue = "q"})
      .is_answered(queue::DeclareOk{.queue = "q", .message_count = 1, .consumer_count = 1});
  alice.finds("q", {.messages = 1, .consumers = 1});
}

TEST_CASE("a queue without a name gets one that nobody else has") {
  World world;
  auto alice = world.connect();
  const auto first = declared_name(alice, {}), second = declared_name(alice, {.exclusive = true});
  CHECK_THAT(first, Catch::Matches("amq\\.gen-[A-Za-z0-9_-]{22}"));
  CHECK_THAT(second, Catch::Matches("amq\\.gen-[A-Za-z0-9_-]{22}"));
  CHECK(first != second);
  CHECK(world.has_queue(first));
}

TEST_CASE("no name means the queue last declared on the channel") {
  World world;
  auto alice = world.connect();
  auto second = alice.opens_channel(2);
  second.declares("r");
  SECTION("by name") { alice.declares("q"); }
  SECTION("by the broker's name") { alice.declares(""); }
  SECTION("passively") {
    second.declares("q");
    alice.sends(queue::Declare{.queue = "q", .passive = true});
    CHECK(std::get<queue::DeclareOk>(alice.answer<queue::DeclareOk>().method).queue == "q");
  }
  SECTION("without waiting") { alice.declares({.no_wait = true}); }
  alice.gets_nothing("").purges("", 0).consumes("").deletes("");
  second.gets_nothing("r");
}

TEST_CASE("a declared queue without a name is published to under the name in declare-ok") {
  World world;
  auto alice = world.connect();
  const auto name = declared_name(alice, {.exclusive = true});
  alice.publishes(name, "1").gets("", "1");
}

TEST_CASE("no name is refused where nothing was declared on the channel") {
  World world;
  auto alice = world.connect();
  alice.opens_channel(2).declares("q");
  const protocol::Method method =
      GENERATE(values<protocol::Method>({basic::Consume{}, basic::Get{}, queue::Purge{}, queue::Delete{}}));
  alice.sends(method).channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no previously declared queue");
}

TEST_CASE("no name after the last declared queue was deleted names that queue") {
  World world;
  auto alice = world.connect();
  alice.declares("q").deletes("q").sends(basic::Get{});
  alice.channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no queue 'q' in vhost '/'");
}

TEST_CASE("names that begin with amq. are the broker's") {
  World world;
  auto alice = world.connect();
  auto name = declared_name(alice, {});
  SECTION("a new one") {
    name = "amq.mine";
    alice.sends(queue::Declare{.queue = name});
  }
  SECTION("even its own") { alice.sends(queue::Declare{.queue = name}); }
  alice.channel_is_closed(ReplyCode::access_refused,
                          "ACCESS_REFUSED - queue name '" + name + "' contains reserved prefix 'amq.*'");
}

TEST_CASE("a passive declare of what is not there is refused even without waiting") {
  World world;
  auto alice = world.connect();
  const bool no_wait = GENERATE(false, true);
  const std::string name = GENERATE(as<std::string>{}, "q", "");
  alice.sends(queue::Declare{.queue = name, .passive = true, .no_wait = no_wait})
      .channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no queue '" + name + "' in vhost '/'");
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("a passive declare asks for nothing but the name") {
  World world;
  auto alice = world.connect();
  alice.declares("q").sends(
      queue::Declare{.queue = "q", .passive = true, .durable = true, .exclusive = true, .auto_delete = true});
  alice.is_answered(queue::DeclareOk{.queue = "q"});
}

TEST_CASE("a declare without waiting is not answered") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .no_wait = true}).receives_nothing();
  CHECK(world.has_queue("q"));
  alice.sends(queue::Declare{.queue = "q", .durable = true, .no_wait = true})
      .channel_is_closed(precondition_failed,
                         "PRECONDITION_FAILED - inequivalent arg 'durable' for queue 'q' in vhost '/': received 'true' "
                         "but current is 'false'");
}

TEST_CASE("an equal declare finds the queue") {
  World world;
  auto alice = world.connect();
  const auto declaration = GENERATE(values<queue::Declare>({
      {.queue = "q"},
      {.queue = "q", .durable = true},
      {.queue = "q", .exclusive = true},
      {.queue = "q", .auto_delete = true},
      {.queue = "q", .durable = true, .auto_delete = true},
  }));
  alice.declares(declaration).publishes("q", "1").declares(declaration).gets("q", "1");
}

TEST_CASE("durable says nothing of an exclusive queue") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .durable = true, .exclusive = true}).declares({.queue = "q", .exclusive = true});
}

TEST_CASE("a declare that differs names the first difference") {
  World world;
  auto alice = world.connect();
  const bool current = GENERATE(false, true);
  const auto values = current ? "received 'false' but current is 'true'" : "received 'true' but current is 'false'";
  const auto inequivalent = [&](const char* field) {
    return "PRECONDITION_FAILED - inequivalent arg '" + std::string{field} + "' for queue 'q' in vhost '/': " + values;
  };
  SECTION("durable") {
    alice.declares({.queue = "q", .durable = current}).sends(queue::Declare{.queue = "q", .durable = !current});
    alice.channel_is_closed(precondition_failed, inequivalent("durable"));
  }
  SECTION("auto_delete") {
    alice.declares({.queue = "q", .auto_delete = current}).sends(queue::Declare{.queue = "q", .auto_delete = !current});
    alice.channel_is_closed(precondition_failed, inequivalent("auto_delete"));
  }
  SECTION("durable before auto_delete") {
    alice.declares({.queue = "q", .durable = current, .auto_delete = current})
        .sends(queue::Declare{.queue = "q", .durable = !current, .auto_delete = !current});
    alice.channel_is_closed(precondition_failed, inequivalent("durable"));
  }
  SECTION("exclusive before all others") {
    alice.declares({.queue = "q", .exclusive = current})
        .sends(queue::Declare{.queue = "q", .durable = true, .exclusive = !current, .auto_delete = true});
    alice.channel_is_closed(ReplyCode::resource_locked, protocol::clip(locked("q")));
  }
  CHECK(world.has_queue("q"));
}

TEST_CASE("another connection's exclusive queue is locked") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares({.queue = "q", .exclusive = true});
  const auto method = GENERATE(values<protocol::Method>({
      queue::Declare{.queue = "q"},
      queue::Declare{.queue = "q", .exclusive = true},
      queue::Declare{.queue = "q", .passive = true},
      basic::Consume{.queue = "q"},
      basic::Get{.queue = "q"},
      queue::Purge{.queue = "q"},
      queue::Delete{.queue = "q"},
  }));
  bob.sends(method).channel_is_closed(ReplyCode::resource_locked, protocol::clip(locked("q")));
  CHECK(world.has_queue("q"));
}

TEST_CASE("anyone may publish to an exclusive queue") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares({.queue = "q", .exclusive = true}).consumes("q");
  bob.publishes("q", {.body = "reply", .mandatory = true}).receives_nothing();
  alice.receives("reply");
}

TEST_CASE("an exclusive queue is its connection's and not its channel's") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .exclusive = true});
  auto second = alice.opens_channel(2);
  second.declares({.queue = "q", .exclusive = true}).consumes("q");
  alice.closes_channel();
  second.publishes("q", "1").receives("1");
}

TEST_CASE("exclusive queues go with their connection") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  for (const auto* name : {"a", "b", "c"}) alice.declares({.queue = name, .durable = true, .exclusive = true});
  alice.declares({.queue = "a", .exclusive = true}).declares("kept").deletes("b");
  SECTION("when it is closed") { alice.closes(); }
  SECTION("when it is lost") { alice.vanishes(); }
  SECTION("when an error closes it") { alice.sends(basic::Recover{.requeue = false}); }
  CHECK_FALSE(world.has_queue("a"));
  CHECK_FALSE(world.has_queue("c"));
  bob.finds("kept", {});
}

TEST_CASE("exclusive queues are gone before the close is answered") {
  World world;
  auto alice = world.connect();
  alice.declares({.queue = "q", .exclusive = true}).stops_reading();
  alice.on_channel(0).sends(connection::Close{});
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("a connection that makes and deletes many exclusive queues keeps none of them") {
  World world;
  auto alice = world.connect();
  for (int i = 0; i < 100; ++i) {
    const auto name = declared_name(alice, {.exclusive = true});
    alice.deletes(name);
  }
  alice.declares({.queue = "last", .exclusive = true});
  CHECK(world.broker().find_virtual_host("/")->queue_count() == 1);
  alice.closes();
  CHECK(world.broker().find_virtual_host("/")->queue_count() == 0);
}

TEST_CASE("a deleted exclusive queue's name is free for others") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares({.queue = "q", .exclusive = true}).deletes("q");
  bob.declares("q").publishes("q", "1");
  alice.closes();
  bob.gets("q", "1");
}

}  // namespace pocketmq::tests
