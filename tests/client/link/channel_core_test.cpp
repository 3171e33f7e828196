#include "client/link/channel_core.hpp"

#include "tests/client/link/scripted_peer.hpp"

namespace pocketmq::client {
namespace {

using namespace protocol;

Content content(std::string_view body) { return {.body = body}; }

TEST_CASE("replies answer requests in order") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  std::string story;
  channel->request(queue::Declare{.queue = "a"},
                   [&](std::error_code, const queue::DeclareOk* ok) { story += std::string{ok->queue} + ' '; });
  channel->request(queue::Purge{.queue = "a"}, [&](std::error_code, const queue::PurgeOk* ok) {
    story += std::to_string(ok->message_count) + ' ';
  });
  channel->request(queue::Declare{.queue = "b"},
                   [&](std::error_code, const queue::DeclareOk* ok) { story += std::string{ok->queue}; });
  CHECK(peer.hears<queue::Declare>(1).queue == "a");
  CHECK(peer.hears<queue::Purge>(1).queue == "a");
  CHECK(peer.hears<queue::Declare>(1).queue == "b");
  peer.says(1, queue::DeclareOk{.queue = "a"});
  peer.says(1, queue::PurgeOk{.message_count = 3});
  peer.says(1, queue::DeclareOk{.queue = "b"});
  CHECK(story == "a 3 b");
}

TEST_CASE("a reply to another request is a violation") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  Outcome declared;
  channel->request(queue::Declare{.queue = "a"}, declared.record());
  peer.hears<queue::Declare>(1);
  peer.says(1, queue::PurgeOk{});
  const auto close = peer.hears<connection::Close>(0);
  CHECK(close.reply_code == 503);
  CHECK(close.class_id == queue::PurgeOk::id.class_id);
  CHECK(close.method_id == queue::PurgeOk::id.method_id);
  CHECK(declared.times == 1);
  CHECK(declared.error == Error::protocol_violation);
}

TEST_CASE("a reply to nothing, or a client's method, is a violation") {
  const auto method = GENERATE(Method{basic::QosOk{}}, Method{basic::GetEmpty{}}, Method{queue::Purge{.queue = "q"}},
                               Method{connection::OpenOk{}});
  auto peer = ScriptedPeer::open(any_encoding());
  peer.opens_channel();
  peer.says(1, method);
  CHECK(peer.hears<connection::Close>(0).reply_code == 503);
  CHECK(peer.client->finished());
}

TEST_CASE("the broker's close of a channel fails its requests and no other channel's") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto one = peer.opens_channel();
  const auto two = peer.opens_channel();
  Outcome first, second, other;
  int closed = 0;
  one->on_closed([&](const CloseReason&) { ++closed; });
  one->request(queue::Declare{.queue = "q", .passive = true}, first.record());
  one->request(queue::Purge{.queue = "q"}, second.record());
  two->request(queue::Purge{.queue = "r"}, other.record());
  peer.says(1, channel::Close{.reply_code = 404, .reply_text = "NOT_FOUND - no queue 'q'"});

  CHECK(first.error == reply_error(404));
  CHECK(second.error == reply_error(404));
  CHECK(one->close_reason() == CloseReason{reply_error(404), "NOT_FOUND - no queue 'q'"});
  CHECK(closed == 1);
  CHECK(other.times == 0);
  CHECK(two->is_open());
  peer.hears<queue::Declare>(1);
  peer.hears<queue::Purge>(1);
  peer.hears<queue::Purge>(2);
  peer.hears<channel::CloseOk>(1);

  Outcome late;
  one->request(queue::Purge{.queue = "q"}, late.record());
  CHECK(late.error == reply_error(404));
  one->send(basic::Ack{.delivery_tag = 1});
  CHECK(peer.hears_nothing());
}

TEST_CASE("a callback may close the channel that calls it") {
  auto peer = ScriptedPeer::open(any_encoding());
  auto channel = peer.opens_channel();
  Outcome consumed, closed;
  const auto tag = std::make_shared<std::string>("kept while it runs");
  channel->consume(
      {.queue = "q", .consumer_tag = "c"},
      [&, tag](const basic::Deliver&, const Content&) {
        peer.client->close(peer.now, closed.record());
        CHECK(*tag == "kept while it runs");
      },
      nullptr, consumed.record());
  peer.says(1, basic::ConsumeOk{.consumer_tag = "c"});
  channel.reset();
  peer.says(1, basic::Deliver{.consumer_tag = "c", .delivery_tag = 1}, content("x"));
  peer.vanishes();
  CHECK(closed.times == 1);
}

TEST_CASE("each consumer gets its own deliveries, in whatever order the queues answer") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  std::string story;
  const auto consumes = [&](std::string who) {
    channel->consume(
        {.queue = who},
        [&story, who](const basic::Deliver& m, const Content& c) {
          story += who + std::to_string(m.delivery_tag) + std::string{c.body} + ' ';
        },
        nullptr, [&story, who](std::error_code, const basic::ConsumeOk*) { story += who + "-ok "; });
    return std::string{peer.hears<basic::Consume>(1).consumer_tag};
  };
  const auto a = consumes("a"), b = consumes("b");
  CHECK(a != b);
  Outcome declared;
  channel->request(queue::Declare{.queue = "c"}, declared.record());
  peer.says(1, queue::DeclareOk{.queue = "c"});  // RabbitMQ's channel may answer before its queues
  CHECK(declared.times == 1);
  peer.says(1, basic::ConsumeOk{.consumer_tag = b});
  peer.says(1, basic::Deliver{.consumer_tag = b, .delivery_tag = 1}, content("x"));
  peer.says(1, basic::ConsumeOk{.consumer_tag = a});
  peer.says(1, basic::Deliver{.consumer_tag = a, .delivery_tag = 2}, content(""));
  peer.says(1, basic::Deliver{.consumer_tag = b, .delivery_tag = 3}, content("y"));
  CHECK(story == "b-ok b1x a-ok a2 b3y ");
  peer.says(1, basic::ConsumeOk{.consumer_tag = a});
  CHECK_FALSE(peer.client->is_open());
}

TEST_CASE("a delivery to nobody is a violation") {
  auto peer = ScriptedPeer::open(any_encoding());
  peer.opens_channel();
  peer.says(1, basic::Deliver{.consumer_tag = "nobody", .delivery_tag = 1}, content("x"));
  CHECK(peer.hears<connection::Close>(0).reply_code == 503);
}

TEST_CASE("a cancelled consumer gets what is on its way, and then nothing") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  int delivered = 0;
  Outcome cancelled;
  channel->consume(
      {.queue = "q", .consumer_tag = "c"}, [&](const basic::Deliver&, const Content&) { ++delivered; },
      [] { FAIL("not by the broker"); }, [](std::error_code, const basic::ConsumeOk*) {});
  peer.says(1, basic::ConsumeOk{.consumer_tag = "c"});
  channel->cancel("c", cancelled.record());
  peer.says(1, basic::Deliver{.consumer_tag = "c", .delivery_tag = 1}, content("x"));
  peer.says(1, basic::CancelOk{.consumer_tag = "c"});
  CHECK(delivered == 1);
  CHECK(cancelled.times == 1);
  CHECK_FALSE(cancelled.error);
}

TEST_CASE("a consumer hears that the broker cancelled it") {
  const bool no_wait = GENERATE(false, true);
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  int cancelled = 0;
  channel->consume(
      {.queue = "q", .consumer_tag = "c"}, [](const basic::Deliver&, const Content&) {}, [&] { ++cancelled; },
      [](std::error_code, const basic::ConsumeOk*) {});
  peer.hears<basic::Consume>(1);
  peer.says(1, basic::ConsumeOk{.consumer_tag = "c"});
  peer.says(1, basic::Cancel{.consumer_tag = "c", .no_wait = no_wait});
  CHECK(cancelled == 1);
  if (no_wait)
    CHECK(peer.hears_nothing());
  else
    CHECK(peer.hears<basic::CancelOk>(1).consumer_tag == "c");
  peer.says(1, basic::Cancel{.consumer_tag = "unknown", .no_wait = true});
  CHECK(channel->is_open());
}

TEST_CASE("a get finds a message or an empty queue") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  std::vector<std::string> got;
  const auto record = [&](std::error_code error, const basic::GetOk* ok, const Content* c) {
    CHECK_FALSE(error);
    got.push_back(ok == nullptr ? "empty" : std::to_string(ok->message_count) + std::string{c->body});
  };
  channel->get({.queue = "q"}, record);
  channel->get({.queue = "q"}, record);
  peer.says(1, basic::GetOk{.delivery_tag = 1, .message_count = 7}, content("x"));
  peer.says(1, basic::GetEmpty{});
  CHECK(got == std::vector<std::string>{"7x", "empty"});
}

TEST_CASE("unroutable messages come back") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  std::string story;
  channel->on_return([&](const basic::Return& m, const Content& c) {
    story += std::to_string(m.reply_code) + std::string{m.routing_key} + std::string{c.body};
  });
  peer.says(1, basic::Return{.reply_code = 312, .reply_text = "NO_ROUTE", .routing_key = "q"}, content("x"));
  CHECK(story == "312qx");
}

TEST_CASE("a channel that both sides close at once is closed once") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  Outcome closed, declared;
  channel->request(queue::Declare{.queue = "q"}, declared.record());
  channel->close(closed.record());
  CHECK(declared.error == Error::closed);
  peer.says(1, queue::DeclareOk{.queue = "q"});
  peer.says(1, channel::Close{.reply_code = 404, .reply_text = "NOT_FOUND"});
  peer.hears<queue::Declare>(1);
  peer.hears<channel::Close>(1);
  peer.hears<channel::CloseOk>(1);
  CHECK(closed.times == 0);
  peer.says(1, channel::CloseOk{});
  CHECK(closed.times == 1);
  CHECK(declared.times == 1);
  CHECK(channel->close_reason().error == Error::closed);
}

TEST_CASE("a channel that is being closed is not closed again, and one that is over is closed already") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  Outcome first, second, late;
  int told = 0;
  channel->on_closed([&](const CloseReason&) { ++told; });
  channel->close(first.record());
  channel->close(second.record());
  CHECK(second.error == Error::not_open);
  peer.hears<channel::Close>(1);
  CHECK(peer.hears_nothing());
  peer.says(1, channel::CloseOk{});
  CHECK(first.times == 1);
  CHECK_FALSE(first.error);
  channel->close(late.record());
  CHECK(late.times == 1);
  CHECK_FALSE(late.error);
  CHECK(told == 0);  // it was the client that closed it
  channel->on_closed([&](const CloseReason& reason) { told += reason.error == Error::closed ? 1 : 100; });
  CHECK(told == 1);
}

TEST_CASE("a channel that is being closed when its connection goes is closed by the client") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  Outcome closed;
  channel->close(closed.record());
  peer.vanishes();
  CHECK(closed.times == 1);
  CHECK_FALSE(closed.error);
  CHECK(channel->close_reason() == CloseReason{Error::closed, "closed by the client"});
}

TEST_CASE("consumers without a tag get tags of their own") {
  auto peer = ScriptedPeer::open(any_encoding());
  peer.opens_channel();
  const auto channel = peer.opens_channel();
  for (const auto* tag : {"ctag2.1", "ctag2.2"}) {
    channel->consume(
        {.queue = "q"}, [](const basic::Deliver&, const Content&) {}, nullptr,
        [](std::error_code, const basic::ConsumeOk*) {});
    CHECK(peer.hears<basic::Consume>(2).consumer_tag == tag);
  }
}

TEST_CASE("a delivery to a consumer that was cancelled is a violation") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  Outcome consumed;
  channel->consume(
      {.queue = "q", .consumer_tag = "c"}, [](const basic::Deliver&, const Content&) {}, nullptr, consumed.record());
  peer.says(1, basic::ConsumeOk{.consumer_tag = "c"});
  SECTION("by the client") {
    channel->cancel("c", [](std::error_code, const basic::CancelOk*) {});
    peer.says(1, basic::CancelOk{.consumer_tag = "c"});
  }
  SECTION("by the broker") { peer.says(1, basic::Cancel{.consumer_tag = "c", .no_wait = true}); }
  CHECK(peer.client->is_open());
  peer.says(1, basic::Deliver{.consumer_tag = "c", .delivery_tag = 1}, content("x"));
  CHECK_FALSE(peer.client->is_open());
}

TEST_CASE("confirms are told as they come") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  std::string story;
  peer.says(1, basic::Ack{.delivery_tag = 1});  // nobody listens
  channel->on_confirm([&](std::uint64_t tag, bool multiple, Confirm what) {
    story += (what == Confirm::ack ? "ack " : "nack ") + std::to_string(tag) + (multiple ? "* " : " ");
  });
  peer.says(1, basic::Ack{.delivery_tag = 2});
  peer.says(1, basic::Nack{.delivery_tag = 3});
  peer.says(1, basic::Ack{.delivery_tag = 5, .multiple = true});
  CHECK(story == "ack 2 nack 3 ack 5* ");
  peer.says(1, basic::Return{.reply_code = 312, .routing_key = "q"}, content("nobody listens to returns"));
  CHECK(channel->is_open());
}

TEST_CASE("an owner that goes is called back no more") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel(), other = peer.opens_channel();
  const auto fails = [](auto&&...) { FAIL_CHECK("it was called"); };
  channel->on_closed(fails);
  channel->on_return(fails);
  channel->on_confirm(fails);
  channel->consume({.queue = "q", .consumer_tag = "c"}, fails, fails, fails);
  channel->request(queue::Purge{.queue = "q"}, fails);
  SECTION("with its channel open") {
    channel->abandon();
    peer.says(1, basic::Return{.reply_code = 312, .routing_key = "q"}, content("x"));
    peer.says(1, basic::Ack{.delivery_tag = 1});
    peer.says(1, basic::Cancel{.consumer_tag = "c", .no_wait = true});
  }
  SECTION("with its channel being closed") {
    Outcome closed;
    other->close(closed.record());
    other->abandon();
    channel->abandon();
    peer.says(2, channel::CloseOk{});
    CHECK(closed.times == 0);
  }
  peer.vanishes();
}

TEST_CASE("channel.flow is answered") {
  auto peer = ScriptedPeer::open(any_encoding());
  peer.opens_channel();
  peer.says(1, channel::Flow{.active = false});
  CHECK_FALSE(peer.hears<channel::FlowOk>(1).active);
}

// --- Messages that no connection may end of ----------------------------------------------------------

struct Heard {
  std::string body;
  std::size_t headers_bytes{0};
  std::optional<std::string> correlation_id;
  std::string fault;
};

// Consumes, and gives what came of one delivery that `say` makes.
template <class Say> Heard delivered(ScriptedPeer& peer, Say say) {
  const auto channel = peer.opens_channel();
  Heard heard;
  channel->consume(
      {.queue = "q", .consumer_tag = "c"},
      [&](const basic::Deliver&, const Content& content) {
        const auto properties = content.properties.decode();
        heard = {std::string{content.body}, properties.headers ? properties.headers->encoded().size() : 0,
                 properties.correlation_id ? std::optional<std::string>{*properties.correlation_id} : std::nullopt,
                 std::string{content.fault}};
      },
      nullptr, [](std::error_code, const basic::ConsumeOk*) {});
  peer.hears<basic::Consume>(1);
  peer.says(1, basic::ConsumeOk{.consumer_tag = "c"});
  say();
  CHECK(peer.client->is_open());
  CHECK(peer.hears_nothing());
  return heard;
}

TEST_CASE("headers are read whole, also where they are larger than a frame may be") {
  auto peer = ScriptedPeer::open(any_encoding());
  FieldTableWriter headers;
  headers.string("long", std::string(2'000'000, 'x'));
  std::string encoded;
  encode(BasicProperties{.headers = headers.table(), .correlation_id = "1"}, encoded);
  const auto heard = delivered(peer, [&] {
    peer.says(1, basic::Deliver{.consumer_tag = "c", .delivery_tag = 1},
              Content{protocol::Properties{encoded}, "body"});
  });
  CHECK(heard.body == "body");
  CHECK(heard.headers_bytes == headers.table().encoded().size());
  CHECK(heard.correlation_id == "1");
  CHECK(heard.fault.empty());
}

TEST_CASE("a body that is too large is left out") {
  const auto encoding = any_encoding();
  ScriptedPeer peer{encoding, {}, {.body_max_bytes = 10}};
  peer.begins();
  peer.finishes_handshake();
  std::string encoded;
  encode(BasicProperties{.correlation_id = "1"}, encoded);
  const auto heard = delivered(peer, [&] {
    peer.says(1, basic::Deliver{.consumer_tag = "c", .delivery_tag = 1},
              Content{protocol::Properties{encoded}, "eleven bytes"});
  });
  CHECK(heard.body.empty());
  CHECK(heard.correlation_id == "1");
  CHECK(heard.fault == "its body has 12 bytes, and may have 10");
}

TEST_CASE("of malformed properties what can be read is there, and the fault is told") {
  using namespace std::string_literals;
  auto peer = ScriptedPeer::open(Encoding::amqp);
  const auto comes = [&](std::string_view encoded) {
    return delivered(peer, [&] {
      peer.says(1, basic::Deliver{.consumer_tag = "c", .delivery_tag = 1},
                Content{protocol::Properties{encoded}, "body"});
    });
  };
  SECTION("headers") {
    const auto heard = comes("\x24\x00\x00\x00\x00\x03\x01y?\x02id"s);
    CHECK(heard.body == "body");
    CHECK(heard.correlation_id == "id");
    CHECK(heard.headers_bytes == 0);
    CHECK_THAT(heard.fault, Catch::Contains("headers"));
  }
  SECTION("all") {
    const auto heard = comes("\x24\x00\x00\x00\x00\x09\x02id"s);
    CHECK(heard.body == "body");
    CHECK_FALSE(heard.correlation_id);
    CHECK_THAT(heard.fault, Catch::Contains("headers"));
  }
}

TEST_CASE("of a JSON header whose property is of another type the rest is there, and the fault is told") {
  auto peer = ScriptedPeer::open(Encoding::json);
  const auto heard = delivered(peer, [&] {
    const std::string frame = R"({"method":"basic.deliver","consumer_tag":"c","delivery_tag":1,"properties":)"
                              R"({"correlation_id":"id","priority":300}})"
                              "\nbody";
    peer.says_bytes(std::string{"\0\0\0", 3} + static_cast<char>(frame.size()) + frame);
  });
  CHECK(heard.body == "body");
  CHECK(heard.correlation_id == "id");
  CHECK_THAT(heard.fault, Catch::Contains("'priority'"));
}

}  // namespace
}  // namespace pocketmq::client
