// Direct reply-to: a requester's replies come to its channel without a queue, and only as long as it is there.
#include "broker/channel/direct_reply.hpp"

#include "broker/session/broker.hpp"
#include "broker/session/session.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

constexpr auto reply_queue = "amq.rabbitmq.reply-to";

Client requester(World& world, std::string_view consumer_tag = "r") {
  return world.connect().consumes({.queue = reply_queue, .consumer_tag = consumer_tag, .no_ack = true});
}

// What the request names as reply_to when a server gets it.
std::string reply_to_of(const Client& requester, const Client& server, At at = At::current()) {
  server.declares("requests", at);
  requester.publishes("requests", {.body = "request", .properties = {.reply_to = reply_queue}});
  server.sends(basic::Get{.queue = "requests", .no_ack = true});
  return std::string{server.answer<basic::GetOk>(at).decoded_properties().reply_to.value_or("")};
}

std::string no_queue(const std::string& name) { return "NOT_FOUND - no queue '" + name + "' in vhost '/'"; }

}  // namespace

TEST_CASE("a reply comes to the requester's consumer without a queue") {
  World world;
  const auto server_speaks = GENERATE(Encoding::json, Encoding::amqp);
  auto alice = requester(world), server = world.connect({.encoding = server_speaks});
  const auto reply_to = reply_to_of(alice, server);
  CHECK_THAT(reply_to, Catch::StartsWith("amq.rabbitmq.reply-to."));
  server.publishes(reply_to, {.body = "reply", .properties = {.correlation_id = "7"}});
  alice.receives(message("reply").to("r").with({.correlation_id = "7"}));
  CHECK_FALSE(world.has_queue(reply_queue));
  CHECK_FALSE(world.has_queue(reply_to));
}

TEST_CASE("a request keeps its other properties") {
  World world;
  auto alice = requester(world), server = world.connect();
  server.declares("requests").consumes("requests");
  alice.publishes("requests", {.body = "m", .properties = {.correlation_id = "7", .reply_to = reply_queue}});
  REQUIRE(server.end().inbox().size() == 1);
  const auto properties = server.end().inbox().front().decoded_properties();
  CHECK(properties.correlation_id == "7");
  CHECK(properties.reply_to != reply_queue);
}

TEST_CASE("a reply_to that is not the pseudo-queue stays as it is") {
  World world;
  auto alice = requester(world);
  const std::string name = GENERATE(as<std::string>{}, "q", "amq.rabbitmq.reply-to.x", "amq.rabbitmq.reply-toX", "");
  alice.declares("q").publishes("q", {.body = "m", .properties = {.reply_to = name}});
  alice.gets("q", message("m").with({.reply_to = name}));
}

TEST_CASE("each consumer of replies has a name of its own and keeps it") {
  World world;
  auto alice = requester(world), bob = requester(world), server = world.connect();
  const auto to_alice = reply_to_of(alice, server), to_bob = reply_to_of(bob, server);
  CHECK(to_alice != to_bob);
  CHECK(reply_to_of(alice, server) == to_alice);
  server.publishes(to_bob, "1").publishes(to_alice, "2").publishes(to_bob, "3");
  alice.receives("2");
  bob.receives("1", "3");
}

TEST_CASE("a reply may itself ask for a reply") {
  World world;
  auto alice = requester(world), server = requester(world);
  const auto to_alice = reply_to_of(alice, server);
  server.publishes(to_alice, {.body = "what?", .properties = {.reply_to = reply_queue}});
  REQUIRE(alice.end().inbox().size() == 1);
  const auto properties = alice.end().inbox().front().decoded_properties();
  alice.publishes(std::string{properties.reply_to.value_or("")}, "that");
  server.receives("that");
}

TEST_CASE("replies take no prefetch and use up no delivery tag") {
  World world;
  auto alice = requester(world), server = world.connect();
  const auto reply_to = reply_to_of(alice, server);
  alice.shares_prefetch(1).declares("q").consumes("q", "c").publishes("q", {"1", "2"}).receives(message("1").tagged(1));
  server.publishes(reply_to, {"a", "b"});
  alice.receives(message("a").tagged(2), message("b").tagged(2)).acks("1").receives(message("2").tagged(2).to("c"));
}

TEST_CASE("a requester must not want to ack") {
  World world;
  world.connect()
      .sends(basic::Consume{.queue = reply_queue})
      .channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - reply consumer cannot acknowledge");
}

TEST_CASE("a channel has one consumer of replies") {
  World world;
  auto alice = requester(world);
  auto second = alice.opens_channel(2).consumes({.queue = reply_queue, .consumer_tag = "r", .no_ack = true});
  alice.sends(basic::Consume{.queue = reply_queue, .no_ack = true})
      .channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - reply consumer already set");
  second.is_fine();
}

TEST_CASE("a consumer of replies does not take another consumer's tag") {
  World world;
  world.connect()
      .declares("q")
      .consumes("q", "c")
      .sends(basic::Consume{.queue = reply_queue, .consumer_tag = "c", .no_ack = true})
      .connection_is_closed(ReplyCode::not_allowed, "NOT_ALLOWED - attempt to reuse consumer tag 'c'");
}

TEST_CASE("only the channel that consumes replies may ask for them") {
  World world;
  auto alice = requester(world);
  auto second = alice.opens_channel(2).declares("q");
  second.publishes("q", {.body = "m", .properties = {.reply_to = reply_queue}});
  second.channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - fast reply consumer does not exist");
  alice.publishes("q", {.body = "m", .properties = {.reply_to = reply_queue}}).is_fine();
}

TEST_CASE("what is wrong with a request is found in RabbitMQ's order") {
  World world;
  auto alice = world.connect();
  SECTION("first the exchange") {
    alice.publishes("q", {.body = "m", .properties = {.reply_to = reply_queue}, .exchange = "nowhere"});
    alice.channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no exchange 'nowhere' in vhost '/'");
  }
  SECTION("then the consumer") {
    alice.publishes("q", {.body = "m", .properties = {.reply_to = reply_queue, .user_id = "bob"}});
    alice.channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - fast reply consumer does not exist");
  }
}

TEST_CASE("a name lives as long as its consumer") {
  World world;
  const bool passive = GENERATE(false, true);
  auto alice = requester(world), server = world.connect();
  const auto reply_to = reply_to_of(alice, server);
  server.finds(reply_to, {.messages = 0, .consumers = 1}).declares(reply_to);
  SECTION("cancelled") { alice.cancels("r"); }
  SECTION("its channel closed") { alice.closes_channel(); }
  SECTION("its channel closed by an error") {
    alice.sends(basic::Ack{.delivery_tag = 1});
    alice.channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - unknown delivery tag 1");
  }
  SECTION("its connection closed") { alice.closes(); }
  SECTION("lost") { alice.vanishes(); }
  server.publishes(reply_to, "dropped").receives_nothing();
  server.publishes(reply_to, {.body = "returned", .mandatory = true}).is_returned("returned");
  server.sends(queue::Declare{.queue = reply_to, .passive = passive});
  server.channel_is_closed(ReplyCode::not_found, no_queue(reply_to));
}

TEST_CASE("a requester that has cancelled may consume again under a new name") {
  World world;
  auto alice = requester(world), server = world.connect();
  const auto before = reply_to_of(alice, server);
  alice.cancels("r").consumes({.queue = reply_queue, .consumer_tag = "s", .no_ack = true});
  const auto after = reply_to_of(alice, server);
  CHECK(before != after);
  server.publishes(before, "lost").publishes(after, "m");
  alice.receives(message("m").to("s"));
}

TEST_CASE("a mandatory reply is delivered and returned because no queue takes it") {
  World world;
  auto alice = requester(world), server = world.connect();
  const auto reply_to = reply_to_of(alice, server);
  server.selects_confirms().publishes(reply_to, {.body = "m", .mandatory = true}).is_returned("m").is_confirmed(1);
  alice.receives("m");
}

TEST_CASE("a reply in a transaction comes with its commit") {
  World world;
  auto alice = requester(world), server = world.connect();
  const auto reply_to = reply_to_of(alice, server);
  server.selects_tx().publishes(reply_to, "1").rolls_back().publishes(reply_to, "2");
  alice.receives_nothing();
  server.commits();
  alice.receives("2");
}

TEST_CASE("the pseudo-queue is declared and is no queue") {
  World world;
  auto alice = world.connect();
  SECTION("declared") {
    alice.sends(queue::Declare{.queue = reply_queue, .passive = GENERATE(false, true), .durable = true});
    alice.is_answered(queue::DeclareOk{.queue = reply_queue, .message_count = 0, .consumer_count = 1});
    alice.sends(basic::Get{}).channel_is_closed(ReplyCode::not_found, no_queue(reply_queue));
  }
  SECTION("gotten from") {
    alice.sends(basic::Get{.queue = reply_queue}).channel_is_closed(ReplyCode::not_found, no_queue(reply_queue));
  }
  SECTION("purged") {
    alice.sends(queue::Purge{.queue = reply_queue}).channel_is_closed(ReplyCode::not_found, no_queue(reply_queue));
  }
  SECTION("deleted") { alice.deletes(reply_queue); }
  SECTION("published to") { alice.publishes(reply_queue, {.body = "m", .mandatory = true}).is_returned("m"); }
}

TEST_CASE("a consumer's own name is no queue") {
  World world;
  auto alice = requester(world), server = world.connect();
  const auto reply_to = reply_to_of(alice, server);
  SECTION("gotten from") { server.sends(basic::Get{.queue = reply_to}); }
  SECTION("consumed") { server.sends(basic::Consume{.queue = reply_to, .no_ack = true}); }
  SECTION("purged") { server.sends(queue::Purge{.queue = reply_to}); }
  server.channel_is_closed(ReplyCode::not_found, no_queue(reply_to));
  server.opens_channel(1).deletes(reply_to).publishes(reply_to, "m");
  alice.receives("m");
}

TEST_CASE("a name that this broker never gave leads nowhere") {
  World world;
  auto alice = world.connect();
  const std::string name =
      GENERATE(as<std::string>{}, "amq.rabbitmq.reply-to.", "amq.rabbitmq.reply-to.xx", "amq.rabbitmq.reply-to..xx.",
               "amq.rabbitmq.reply-to.xx.yy.zz", "amq.rabbitmq.reply-toX", "amq.rabbitmq.reply-toX.xx.yy",
               "amq.rabbitmq.reply-to.cG9ja2V0bXE=.AAAAAAAAAAAAAAAAAAAAAA==");
  alice.publishes(name, {.body = "m", .mandatory = true}).is_returned("m").sends(queue::Declare{.queue = name});
  alice.channel_is_closed(ReplyCode::not_found, no_queue(name));
}

TEST_CASE("a name like another broker's ends the connection") {
  World world;
  auto alice = world.connect();
  const std::string name = GENERATE(as<std::string>{}, "amq.rabbitmq.reply-to.AAAA.BBBB", "amq.rabbitmq.reply-to.xx.yy",
                                    "amq.rabbitmq.reply-to..xx..yy.", "amq.rabbitmq.reply-to.!.*");
  GENERATE(false, true) ? alice.publishes(name, "m") : alice.sends(queue::Declare{.queue = name, .passive = true});
  alice.connection_is_closed(ReplyCode::internal_error,
                             "INTERNAL_ERROR - '" + name + "' is not a name that this broker gave for replies");
}

namespace {

// As many replies of a thousand bytes as there are in an alphabet of numbers, from 1000 on.
std::vector<std::string> numbered_replies(int count) {
  std::vector<std::string> bodies;
  for (int i = 0; i < count; ++i) {
    auto body = std::to_string(1'000 + i) + " ";
    body.resize(1'000, 'x');
    bodies.push_back(std::move(body));
  }
  return bodies;
}

}  // namespace

TEST_CASE("replies wait for a requester that does not read, and then come in order") {
  World world{{.options = {.limits = {.output_deliver_bytes = 10'000}}}};
  auto alice = requester(world), server = world.connect();
  const auto reply_to = reply_to_of(alice, server);
  const auto replies = numbered_replies(100);
  alice.stops_reading();
  for (const auto& reply : replies) server.publishes(reply_to, reply);
  CHECK(alice.session().output().size() < 12'000);
  CHECK(world.broker().context().memory().used() > 90'000);
  alice.reads(5'000).reads_all().receives_all({replies.begin(), replies.end()});
  server.publishes(reply_to, "one more");
  alice.receives("one more");
}

TEST_CASE("replies that nobody reads take an eighth of the memory and are given up with their requester") {
  World world{{.options = {.limits = {.output_deliver_bytes = 10'000}, .memory_max_bytes = 800'000}}};
  auto& memory = world.broker().context().memory();
  auto deaf = requester(world), alice = requester(world), server = world.connect();
  const auto to_deaf = reply_to_of(deaf, server), to_alice = reply_to_of(alice, server);
  const auto before = memory.used();
  deaf.stops_reading();
  for (const auto& reply : numbered_replies(500)) server.publishes(to_deaf, reply);
  CHECK_FALSE(memory.is_scarce());
  CHECK(memory.used() - before > 90'000);
  CHECK(memory.used() - before < 150'000);
  server.publishes(to_alice, "reply").is_fine();
  alice.receives("reply");
  SECTION("lost") { deaf.vanishes(); }
  SECTION("cancelled") {
    deaf.sends(basic::Cancel{.consumer_tag = "r"});
    CHECK(memory.used() - before < 40'000);
    return;
  }
  CHECK(memory.used() <= before);
}

}  // namespace pocketmq::tests
