// basic.publish: what is carried, what is returned, what is refused.
#include "broker/queue/queue.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

std::string text_of(std::size_t size) {
  std::string text;
  while (text.size() < size) text += "The quick brown fox " + std::to_string(text.size()) + "\n";
  text.resize(size);
  return text;
}

}  // namespace

TEST_CASE("every property and the body arrive as they were sent") {
  World world;
  const auto from = GENERATE(Encoding::json, Encoding::amqp);
  auto alice = world.connect({.encoding = from}), bob = world.connect();
  protocol::FieldTableWriter inner, headers;
  inner.string("text", "ü").boolean("truth", true);
  headers.int32("number", -7).int64("large", 1LL << 40).table("inner", inner.table()).string("empty", "");
  const BasicProperties properties{.content_type = "text/plain",
                                   .content_encoding = "utf-8",
                                   .headers = headers.table(),
                                   .delivery_mode = 2,
                                   .priority = 9,
                                   .correlation_id = "id-1",
                                   .reply_to = "amq.gen-x",
                                   .expiration = "60000",
                                   .message_id = "m-1",
                                   .timestamp = 1'700'000'000,
                                   .type = "kind",
                                   .user_id = "guest",
                                   .app_id = "app",
                                   .cluster_id = "cluster"};
  alice.declares("q").publishes("q", {.body = "two\nlines", .properties = properties});
  bob.consumes("q", "c").receives(message("two\nlines").with(properties).to("c"));
}

TEST_CASE("a delivery names where it was published to") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", "m").consumes("q", "c");
  REQUIRE(alice.end().inbox().size() == 1);
  CHECK(
      alice.end().inbox().front().method
      == protocol::Method{basic::Deliver{.consumer_tag = "c", .delivery_tag = 1, .exchange = "", .routing_key = "q"}});
}

TEST_CASE("bodies of every size arrive whole") {
  World world;
  const auto from = GENERATE(Encoding::json, Encoding::amqp);
  auto alice = world.connect({.encoding = from, .frame_max_bytes = 4'096});
  auto bob = world.connect({.frame_max_bytes = 8'192});
  alice.declares("q");
  bob.consumes("q");
  // Around a frame of the one and of the other, and far beyond both.
  for (const std::size_t size : {0, 1, 4'087, 4'088, 4'089, 8'184, 8'185, 16'384, 65'536, 300'000, 2'000'000}) {
    const auto body = text_of(size);
    alice.publishes("q", body);
    REQUIRE(bob.end().inbox().size() == 1);
    REQUIRE(bob.end().inbox().front().body == body);
    bob.receives(body);
  }
}

TEST_CASE("an unroutable message is dropped in silence") {
  World world;
  world.connect().publishes("nowhere", "m").is_fine();
}

TEST_CASE("an unroutable mandatory message is returned as it was sent") {
  World world;
  auto alice = world.connect();
  auto second = alice.opens_channel(2);
  const BasicProperties properties{.correlation_id = "7", .reply_to = "here"};
  second.publishes("nowhere", {.body = "m", .properties = properties, .mandatory = true});
  second.is_returned(message("m").with(properties)).receives_nothing();
  alice.receives_nothing();
}

TEST_CASE("a mandatory message that a queue takes is not returned") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {.body = "m", .mandatory = true}).receives_nothing().gets("q", "m");
}

TEST_CASE("returns come in the order of publishing") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("1", {.body = "1", .mandatory = true}).publishes("q", {.body = "2", .mandatory = true});
  alice.publishes("3", {.body = "3", .mandatory = true}).is_returned("1").is_returned("3").receives_nothing();
}

TEST_CASE("publishing to an exchange that is not there closes the channel") {
  World world;
  const bool mandatory = GENERATE(false, true);
  world.connect()
      .publishes("q", {.body = "m", .exchange = "nowhere", .mandatory = mandatory})
      .channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no exchange 'nowhere' in vhost '/'");
}

TEST_CASE("immediate is not implemented") {
  World world;
  world.connect()
      .publishes("q", {.body = "m", .exchange = "nowhere", .immediate = true})
      .connection_is_closed(ReplyCode::not_implemented, "NOT_IMPLEMENTED - immediate=true");
}

TEST_CASE("a user_id is the connection's own") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {.body = "m", .properties = {.user_id = "guest"}}).gets("q", "m");
  const std::string other = GENERATE(as<std::string>{}, "bob", "");
  alice.publishes("q", {.body = "m", .properties = {.expiration = "bad", .user_id = other}})
      .channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - user_id property set to '" + other
                                                             + "' but authenticated user was 'guest'");
}

TEST_CASE("delivery modes are 1 and 2") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {.body = "1", .properties = {.delivery_mode = 1}});
  alice.publishes("q", {.body = "2", .properties = {.delivery_mode = 2}}).gets("q", "1").gets("q", "2");
  const int mode = GENERATE(0, 3, 255);
  alice.publishes("q", {.body = "m", .properties = {.delivery_mode = static_cast<std::uint8_t>(mode)}});
  alice.channel_is_closed(ReplyCode::precondition_failed, "PRECONDITION_FAILED - invalid message: delivery_mode is "
                                                              + std::to_string(mode)
                                                              + "; 1 (transient) and 2 (persistent) exist");
}

TEST_CASE("a refused publish is not enqueued") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {.body = "m", .properties = {.user_id = "bob"}});
  CHECK(world.queue("q").ready() == 0);
}

TEST_CASE("a body above the maximum closes its channel and the connection goes on") {
  World world{{.options = {.limits = {.body_max_bytes = 100'000}}}};
  auto alice = world.connect();
  auto second = alice.opens_channel(2);
  second.declares("q").publishes("q", text_of(100'000));
  alice.publishes("q", text_of(100'001));
  alice.channel_is_closed(ReplyCode::precondition_failed,
                          "PRECONDITION_FAILED - message size 100001 is larger than configured max size 100000");
  second.gets("q", message(text_of(100'000)).leaving(0));
  alice.opens_channel(1).publishes("q", "small").gets("q", "small");
}

TEST_CASE("messages of one channel stay in order through large and small bodies") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  const auto large = text_of(200'000);
  alice.declares("q").publishes("q", {"1", large, "3", large, "5"});
  bob.consumes("q").receives("1", large, "3", large, "5");
}

}  // namespace pocketmq::tests
