#include "client/link/connection_core.hpp"

#include "tests/client/link/scripted_peer.hpp"

namespace pocketmq::client {
namespace {

using namespace protocol;

TEST_CASE("an AMQP client logs in with PLAIN and says who it is") {
  ScriptedPeer peer{Encoding::amqp,
                    {.virtual_host = "shop", .user = "alice", .password = "secret", .connection_name = "till 1"}};
  peer.begins();
  peer.hears_header();
  CHECK(peer.hears_nothing());
  peer.says(0, connection::Start{.version_minor = 9, .mechanisms = "AMQPLAIN PLAIN", .locales = "en_US"});

  const auto start_ok = peer.hears<connection::StartOk>(0);
  CHECK(start_ok.mechanism == "PLAIN");
  CHECK(start_ok.response == LongString{std::string_view{"\0alice\0secret", 13}});
  CHECK(start_ok.locale == "en_US");
  CHECK(start_ok.client_properties.find("product")->string() == "PocketMQ");
  CHECK(start_ok.client_properties.find("connection_name")->string() == "till 1");
  const auto capabilities = start_ok.client_properties.find("capabilities")->table();
  REQUIRE(capabilities);
  for (const auto* name : {"consumer_cancel_notify", "authentication_failure_close", "basic.nack", "publisher_confirms",
                           "exchange_exchange_bindings", "connection.blocked"})
    CHECK(capabilities->find(name)->boolean() == true);

  peer.says(0, connection::Tune{.channel_max = 2'047, .frame_max = 131'072, .heartbeat = 60});
  CHECK(peer.hears<connection::TuneOk>(0)
        == connection::TuneOk{.channel_max = 2'047, .frame_max = 131'072, .heartbeat = 60});
  CHECK(peer.hears<connection::Open>(0).virtual_host == "shop");
  CHECK(peer.opened.times == 0);
  peer.says(0, connection::OpenOk{});
  CHECK(peer.opened.times == 1);
  CHECK_FALSE(peer.opened.error);
  CHECK(peer.client->is_open());
}

TEST_CASE("a JSON client says it all in connection.open") {
  ScriptedPeer peer{
      Encoding::json,
      {.virtual_host = "shop", .user = "alice", .password = "secret", .connection_name = "till 1", .heartbeat = 7s}};
  peer.begins();
  const auto open = peer.hears<connection::Open>(0);
  CHECK(open.virtual_host == "shop");
  CHECK(open.user == "alice");
  CHECK(open.password == "secret");
  CHECK(open.heartbeat == 7);
  CHECK(open.client_properties.find("connection_name")->string() == "till 1");
  CHECK(peer.opened.times == 0);
  peer.says(0, connection::OpenOk{});
  CHECK(peer.client->is_open());
}

TEST_CASE("client and broker agree on heartbeat and frame size") {
  struct Case {
    std::optional<std::chrono::seconds> wanted_heartbeat;
    std::uint16_t offered_heartbeat;
    std::uint16_t agreed_heartbeat;
    std::uint32_t wanted_frame_max, offered_frame_max, agreed_frame_max;
  };
  const auto c = GENERATE(Case{std::nullopt, 60, 60, 131'072, 131'072, 131'072},  // as offered
                          Case{std::nullopt, 0, 0, 131'072, 0, 131'072},          // 0: no limit there
                          Case{10s, 60, 10, 0, 65'536, 65'536},                   // 0: no limit here
                          Case{60s, 10, 10, 0, 0, 0},                             // nor there
                          Case{10s, 0, 10, 16'384, 131'072, 16'384},              // the smaller of both
                          Case{0s, 60, 0, 4'096, 131'072, 8'192},                 // RabbitMQ 4 wants no less than 8192,
                          Case{std::nullopt, 60, 60, 4'096, 4'096, 4'096});       // unless the broker has less
  Limits limits;
  limits.frame_max_bytes = c.wanted_frame_max;
  ScriptedPeer peer{Encoding::amqp, {.heartbeat = c.wanted_heartbeat}, limits};
  peer.begins();
  peer.hears_header();
  peer.says(0, connection::Start{.mechanisms = "PLAIN"});
  peer.hears<connection::StartOk>(0);
  peer.says(0, connection::Tune{.channel_max = 0, .frame_max = c.offered_frame_max, .heartbeat = c.offered_heartbeat});
  const auto tune_ok = peer.hears<connection::TuneOk>(0);
  CHECK(tune_ok.heartbeat == c.agreed_heartbeat);
  CHECK(tune_ok.frame_max == c.agreed_frame_max);
  CHECK(tune_ok.channel_max == 65'535);
}

TEST_CASE("a broker that takes no PLAIN login is told from one that does") {
  const auto* const mechanisms = GENERATE("AMQPLAIN", "XPLAIN PLAINX", "");
  ScriptedPeer peer{Encoding::amqp};
  peer.begins();
  peer.hears_header();
  peer.says(0, connection::Start{.mechanisms = mechanisms});
  CHECK(peer.opened.times == 1);
  CHECK(peer.opened.error == Error::protocol_violation);
  CHECK(peer.client->close_reason().text == std::string{"the broker takes no PLAIN login, only "} + mechanisms);
  CHECK(peer.client->finished());
  CHECK(peer.hears_nothing());
}

TEST_CASE("an open connection has no deadline but its heartbeats") {
  const auto encoding = any_encoding();
  const auto deadline_with = [&](std::optional<std::chrono::seconds> heartbeat, std::uint16_t offered) {
    ScriptedPeer peer{encoding, {.heartbeat = heartbeat}};
    peer.begins();
    CHECK(peer.client->deadline() <= peer.now + 10s);
    peer.finishes_handshake({.channel_max = 1, .frame_max = 131'072, .heartbeat = offered});
    return peer.client->deadline() == TimePoint::max() ? std::chrono::nanoseconds::max()
                                                       : peer.client->deadline() - peer.now;
  };
  CHECK(deadline_with(8s, 60) == 4s);
  CHECK(deadline_with(0s, 60) == std::chrono::nanoseconds::max());
  CHECK(deadline_with(std::nullopt, 60) == 30s);
}

TEST_CASE("a connection opens once, and no channel before that") {
  ScriptedPeer peer{any_encoding()};
  CHECK_FALSE(peer.client->has_begun());
  Outcome channel, again;
  peer.client->open_channel(channel.record());
  CHECK(channel.error == Error::not_open);
  peer.begins();
  CHECK(peer.client->has_begun());
  CHECK_FALSE(peer.client->is_open());
  peer.client->open(peer.now + 10s, again.record());
  CHECK(again.times == 1);
  CHECK(again.error == Error::not_open);
  peer.finishes_handshake();
  CHECK(peer.opened.times == 1);
}

TEST_CASE("a connection that is closed before it is open says no goodbye") {
  ScriptedPeer peer{Encoding::amqp};
  peer.begins();
  Outcome closed;
  peer.client->close(peer.now, closed.record());
  CHECK(peer.opened.times == 1);
  CHECK(peer.opened.error == Error::closed);
  CHECK(peer.client->finished());
  peer.hears_header();
  CHECK(peer.hears_nothing());
  CHECK(closed.times == 0);
  peer.vanishes();
  CHECK(closed.times == 1);
  peer.client->close(peer.now, closed.record());
  CHECK(closed.times == 2);
}

TEST_CASE("who closes twice hears twice when it is closed, and the broker one goodbye") {
  auto peer = ScriptedPeer::open(any_encoding());
  Outcome closed;
  int over = 0;
  peer.client->on_closed([&](const CloseReason& reason) {
    ++over;
    CHECK(reason.error == Error::closed);
  });
  peer.client->close(peer.now, closed.record());
  peer.client->close(peer.now, closed.record());
  CHECK(over == 1);
  peer.hears<connection::Close>(0);
  CHECK(peer.hears_nothing());
  SECTION("and it is agreed to") { peer.says(0, connection::CloseOk{}); }
  SECTION("and the broker closes at the same time") {
    peer.says(0, connection::Close{.reply_code = 320, .reply_text = "CONNECTION_FORCED"});
    peer.hears<connection::CloseOk>(0);
    CHECK_FALSE(peer.client->finished());
    peer.says(0, connection::CloseOk{});
  }
  SECTION("and nothing comes within five seconds") {
    peer.advance(4'999ms);
    CHECK_FALSE(peer.client->finished());
    peer.advance(1ms);
  }
  CHECK(peer.client->finished());
  peer.vanishes();
  CHECK(closed.times == 2);
  CHECK_FALSE(closed.error);
  CHECK(over == 1);
  CHECK(peer.client->close_reason() == CloseReason{Error::closed, "closed by the client"});
}

TEST_CASE("a broker that does not read is lost, unless it has blocked the connection") {
  ScriptedPeer peer{any_encoding(), {.heartbeat = 0s}};
  peer.begins();
  peer.finishes_handshake({.channel_max = 1, .frame_max = 131'072, .heartbeat = 0});
  const auto channel = peer.opens_channel();
  channel->send(basic::Publish{.routing_key = "q"}, Content{.body = "x"});
  peer.client->sent(0, peer.now);
  peer.says(0, connection::Blocked{.reason = "low on memory"});
  peer.advance(1h);
  CHECK(channel->is_open());
  peer.says(0, connection::Unblocked{});
  peer.client->tick(peer.now);
  CHECK_FALSE(channel->is_open());
  CHECK(peer.client->close_reason().error == Error::connection_lost);
  CHECK_THAT(peer.client->close_reason().text, Catch::Contains("does not read"));
}

TEST_CASE("a refused login is an error with the broker's words") {
  ScriptedPeer peer{any_encoding()};
  peer.begins();
  peer.says(0, connection::Close{.reply_code = 403, .reply_text = "ACCESS_REFUSED - no"});
  CHECK(peer.opened.times == 1);
  CHECK(peer.opened.error == reply_error(403));
  CHECK(peer.client->close_reason().text == "ACCESS_REFUSED - no");
  CHECK(peer.client->finished());
}

TEST_CASE("a broker that hangs up during the login is asked about the password") {
  ScriptedPeer peer{Encoding::amqp};
  peer.begins();
  peer.says(0, connection::Start{.mechanisms = "PLAIN"});
  peer.vanishes();
  CHECK(peer.opened.error == Error::connection_lost);
  CHECK_THAT(peer.client->close_reason().text, Catch::Contains("password"));
}

TEST_CASE("a handshake has an end") {
  ScriptedPeer peer{any_encoding()};
  peer.begins();
  peer.advance(9'999ms);
  CHECK(peer.opened.times == 0);
  peer.advance(1ms);
  CHECK(peer.opened.times == 1);
  CHECK(peer.opened.error == Error::timed_out);
  CHECK(peer.client->finished());
}

TEST_CASE("a peer of another protocol is an error that says what to try") {
  ScriptedPeer json{Encoding::json};
  json.begins();
  json.says_bytes(amqp_header);
  CHECK(json.opened.error == Error::protocol_violation);
  CHECK_THAT(json.client->close_reason().text, Catch::Contains("RabbitMQ wants an amqp:// URL"));

  ScriptedPeer amqp{Encoding::amqp};
  amqp.begins();
  amqp.says_bytes("HTTP/1.1 400 Bad Request\r\n\r\n");
  CHECK(amqp.opened.error == Error::protocol_violation);
  CHECK_THAT(amqp.client->close_reason().text, Catch::Contains("AMQP 0-9-1"));
  CHECK(amqp.client->finished());
}

TEST_CASE("a step of the handshake out of turn is a violation") {
  ScriptedPeer peer{Encoding::amqp};
  peer.begins();
  peer.says(0, connection::Tune{});
  CHECK(peer.opened.error == Error::protocol_violation);

  auto open = ScriptedPeer::open(any_encoding());
  open.says(0, connection::Start{});
  CHECK(open.hears<connection::Close>(0).reply_code == 503);
  CHECK(open.client->close_reason().error == Error::protocol_violation);
  CHECK(open.client->finished());
}

TEST_CASE("the JSON framing has channel 1 open from the start, and only once") {
  auto peer = ScriptedPeer::open(Encoding::json);
  const auto one = peer.opens_channel();
  CHECK(one->number() == 1);
  CHECK(peer.hears_nothing());

  Outcome closed;
  one->close(closed.record());
  peer.hears<channel::Close>(1);
  peer.says(1, channel::CloseOk{});
  CHECK(closed.times == 1);

  Outcome again;
  peer.client->open_channel(again.record());
  peer.hears<channel::Open>(1);
  CHECK(again.times == 0);
}

TEST_CASE("channels have the lowest free number") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto one = peer.opens_channel();
  const auto two = peer.opens_channel();
  const auto three = peer.opens_channel();
  CHECK(three->number() == 3);
  two->close([](std::error_code) {});
  peer.hears<channel::Close>(2);
  peer.says(2, channel::CloseOk{});
  CHECK(peer.opens_channel()->number() == 2);
}

TEST_CASE("no more channels are opened than the broker allows") {
  ScriptedPeer peer{Encoding::amqp};
  peer.begins();
  peer.finishes_handshake({.channel_max = 2, .frame_max = 131'072, .heartbeat = 0});
  peer.opens_channel();
  peer.opens_channel();
  Outcome third;
  peer.client->open_channel(third.record());
  CHECK(third.error == Error::too_many_channels);
}

TEST_CASE("the broker's close of the connection ends everything, once") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  Outcome declared, opening;
  int closed = 0;
  channel->on_closed([&](const CloseReason& reason) {
    ++closed;
    CHECK(reason.text == "CONNECTION_FORCED - maintenance");
  });
  channel->request(queue::Declare{.queue = "q"}, declared.record());
  peer.client->open_channel(opening.record());
  peer.hears<queue::Declare>(1);
  peer.hears<channel::Open>(2);

  peer.says(0, connection::Close{.reply_code = 320, .reply_text = "CONNECTION_FORCED - maintenance"});
  peer.hears<connection::CloseOk>(0);
  CHECK(peer.client->finished());
  peer.vanishes();
  CHECK(declared.times == 1);
  CHECK(declared.error == reply_error(320));
  CHECK(opening.times == 1);
  CHECK(closed == 1);

  Outcome late;
  channel->request(queue::Declare{.queue = "q"}, late.record());
  CHECK(late.error == reply_error(320));
  peer.client->open_channel(late.record());
  CHECK(late.times == 2);
}

TEST_CASE("a lost connection ends everything, once") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  Outcome declared;
  channel->request(queue::Declare{.queue = "q"}, declared.record());
  peer.vanishes();
  CHECK(declared.times == 1);
  CHECK(declared.error == Error::connection_lost);
  CHECK_FALSE(channel->is_open());
}

TEST_CASE("the connection's object may go first") {
  Outcome declared;
  std::shared_ptr<ChannelCore> channel;
  {
    auto peer = ScriptedPeer::open(any_encoding());
    channel = peer.opens_channel();
    channel->request(queue::Declare{.queue = "q"}, declared.record());
  }
  CHECK(declared.times == 1);
  CHECK(declared.error == Error::closed);
  channel->send(basic::Ack{.delivery_tag = 1});  // of no effect
}

TEST_CASE("a goodbye fails what is under way, and waits for the broker's answer") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  Outcome declared, closed;
  channel->request(queue::Declare{.queue = "q"}, declared.record());
  peer.client->close(peer.now, closed.record());
  CHECK(declared.error == Error::closed);
  peer.hears<queue::Declare>(1);
  CHECK(peer.hears<connection::Close>(0).reply_code == 200);

  peer.says(1, queue::DeclareOk{.queue = "q"});  // too late
  CHECK_FALSE(peer.client->finished());
  peer.says(0, connection::CloseOk{});
  CHECK(peer.client->finished());
  CHECK(declared.times == 1);
  CHECK(closed.times == 0);
  peer.vanishes();
  CHECK(closed.times == 1);
  CHECK_FALSE(closed.error);
}

TEST_CASE("a goodbye that is not answered ends nevertheless") {
  auto peer = ScriptedPeer::open(any_encoding());
  Outcome closed;
  peer.client->close(peer.now, closed.record());
  peer.advance(5s);
  CHECK(peer.client->finished());
}

TEST_CASE("a broker that says nothing for two heartbeats is lost") {
  auto peer = ScriptedPeer::open(any_encoding());  // 60 s
  const auto channel = peer.opens_channel();
  Outcome declared;
  channel->request(queue::Declare{.queue = "q"}, declared.record());
  peer.hears<queue::Declare>(1);
  peer.advance(30s);
  CHECK(peer.hears_heartbeat());
  peer.advance(89'999ms);
  CHECK(declared.times == 0);
  peer.advance(1ms);
  CHECK(declared.times == 1);
  CHECK(declared.error == Error::connection_lost);
  CHECK(peer.client->finished());
}

TEST_CASE("a blocked connection is told why") {
  auto peer = ScriptedPeer::open(any_encoding());
  std::vector<std::optional<std::string>> reasons;
  peer.client->on_blocked([&](const std::optional<std::string>& reason) { reasons.push_back(reason); });
  peer.says(0, connection::Blocked{.reason = "low on memory"});
  peer.says(0, connection::Unblocked{});
  CHECK(reasons == std::vector<std::optional<std::string>>{"low on memory", std::nullopt});
}

TEST_CASE("a command on a channel that is not open is a violation") {
  auto peer = ScriptedPeer::open(any_encoding());
  peer.says(7, queue::DeclareOk{.queue = "q"});
  CHECK(peer.hears<connection::Close>(0).reply_code == 504);
  CHECK(peer.client->finished());
}

TEST_CASE("what goes on without end is told when the connection keeps up with it, or is over") {
  auto peer = ScriptedPeer::open(any_encoding());
  const auto channel = peer.opens_channel();
  int told = 0;
  const auto tell = [&] { ++told; };
  peer.client->when_output_drained(tell);
  CHECK(told == 1);

  const std::string body(1 << 20, 'x');
  channel->send(basic::Publish{.routing_key = "q"}, Content{.body = body});
  peer.client->when_output_drained(tell);
  CHECK(told == 1);
  peer.hears<basic::Publish>(channel->number());
  CHECK(told == 2);

  channel->send(basic::Publish{.routing_key = "q"}, Content{.body = body});
  peer.client->when_output_drained(tell);
  peer.vanishes();
  CHECK(told == 3);
}

}  // namespace
}  // namespace pocketmq::client
