// A channel's life: opened, closed by either side, opened again.
#include "broker/queue/queue.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

constexpr auto no_queue_nowhere = "NOT_FOUND - no queue 'nowhere' in vhost '/'";

}  // namespace

TEST_CASE("channels are opened and closed under any number") {
  World world;
  auto alice = world.connect();
  for (const auto number : std::initializer_list<std::uint16_t>{2, 2'048, 65'535}) {
    auto channel = alice.opens_channel(number);
    channel.is_fine().closes_channel();
    alice.opens_channel(number).is_fine();
  }
}

TEST_CASE("channel 1 can be closed and opened again") {
  World world;
  auto alice = world.connect();
  alice.closes_channel().opens_channel(1).is_fine();
}

TEST_CASE("a new channel under an old number remembers nothing") {
  World world;
  auto alice = world.connect();
  alice.declares("q").publishes("q", {"1", "2", "3"}).prefetches(1).shares_prefetch(1).consumes("q", "a").receives("1");
  alice.closes_channel().opens_channel(1).consumes("q", "a");
  alice.receives(redelivered(message("1").tagged(1)), message("2").tagged(2), message("3").tagged(3));
  alice.sends(queue::Purge{}).channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no previously declared queue");
}

TEST_CASE("an open channel is not opened again") {
  World world;
  world.connect()
      .sends(channel::Open{})
      .connection_is_closed(ReplyCode::channel_error, "CHANNEL_ERROR - second 'channel.open' seen");
}

TEST_CASE("a channel that is not open takes nothing but open") {
  World world;
  auto alice = world.connect();
  const auto method = GENERATE(values<protocol::Method>(
      {queue::Declare{.queue = "q"}, channel::Close{}, channel::Flow{.active = true}, basic::Ack{.delivery_tag = 1}}));
  alice.on_channel(5).sends(method);
  alice.connection_is_closed(ReplyCode::channel_error, "CHANNEL_ERROR - expected 'channel.open'");
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("a publish on a channel that is not open is refused") {
  World world;
  auto alice = world.connect();
  alice.on_channel(5).publishes("q", "m");
  alice.connection_is_closed(ReplyCode::channel_error, "CHANNEL_ERROR - expected 'channel.open'");
}

TEST_CASE("a channel that its client closed takes nothing but open") {
  World world;
  auto alice = world.connect();
  alice.opens_channel(2).closes_channel().sends(basic::Qos{});
  alice.connection_is_closed(ReplyCode::channel_error, "CHANNEL_ERROR - expected 'channel.open'");
}

TEST_CASE("a connection has no more channels than were agreed on") {
  World world{{.options = {.channel_max = 2}}};
  auto alice = world.connect({.channel_max = 2});
  alice.opens_channel(2).closes_channel();
  alice.opens_channel(3);
  alice.on_channel(4).sends(channel::Open{});
  alice.connection_is_closed(ReplyCode::not_allowed,
                             "NOT_ALLOWED - number of channels opened (2) has reached the negotiated channel_max (2)");
}

TEST_CASE("a channel that an error closed ignores everything until its close-ok") {
  World world;
  auto alice = world.connect();
  auto second = alice.opens_channel(2);
  alice.declares("q").sends(basic::Get{.queue = "nowhere"});
  alice.publishes("q", "ignored").sends(queue::Purge{.queue = "q"}).sends(queue::Declare{.queue = "r"});
  alice.sends(basic::Ack{.delivery_tag = 99}).publishes("q", {.body = "m", .exchange = "nowhere"});
  second.declares("s").is_fine();
  alice.channel_close_comes(ReplyCode::not_found, no_queue_nowhere).receives_nothing();
  CHECK(world.queue("q").ready() == 0);
  CHECK_FALSE(world.has_queue("r"));
  alice.sends(channel::CloseOk{}).opens_channel(1).publishes("q", "m").gets("q", message("m").tagged(1));
}

TEST_CASE("a channel that an error closed is not opened before its close-ok") {
  World world;
  auto alice = world.connect();
  alice.sends(basic::Get{.queue = "nowhere"}).channel_close_comes(ReplyCode::not_found, no_queue_nowhere);
  alice.sends(channel::Open{})
      .connection_is_closed(ReplyCode::channel_error, "CHANNEL_ERROR - second 'channel.open' seen");
}

TEST_CASE("closes that cross are both answered and the channel can be opened again") {
  World world;
  auto alice = world.connect();
  alice.sends(basic::Get{.queue = "nowhere"}).channel_close_comes(ReplyCode::not_found, no_queue_nowhere);
  alice.closes_channel().sends(channel::CloseOk{}).opens_channel(1).is_fine();
}

TEST_CASE("a close-ok that nobody waits for ends the connection") {
  World world;
  auto alice = world.connect();
  SECTION("on a channel that is closed") { alice.opens_channel(2).closes_channel().sends(channel::CloseOk{}); }
  SECTION("twice") {
    alice.sends(basic::Get{.queue = "nowhere"}).channel_close_comes(ReplyCode::not_found, no_queue_nowhere);
    alice.closes_channel().sends(channel::CloseOk{}).sends(channel::CloseOk{});
  }
  const auto answer = alice.answer<connection::Close>();
  const auto& close = std::get<connection::Close>(answer.method);
  CHECK(close.reply_text == "CHANNEL_ERROR - expected 'channel.open'");
}

TEST_CASE("the consumers of a channel that an error closed are gone at once") {
  World world;
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").consumes("q").publishes("q", "1").receives("1").sends(basic::Get{.queue = "nowhere"});
  bob.publishes("q", "2").finds("q", {.messages = 2, .consumers = 0});
  alice.channel_is_closed(ReplyCode::not_found, no_queue_nowhere).receives_nothing();
}

TEST_CASE("an error closes its channel and leaves the others alone") {
  World world;
  auto alice = world.connect();
  auto second = alice.opens_channel(2);
  second.declares("q").consumes("q");
  alice.sends(basic::Get{.queue = "nowhere"}).channel_is_closed(ReplyCode::not_found, no_queue_nowhere);
  second.publishes("q", "1").receives("1");
}

TEST_CASE("a channel error names the method that caused it") {
  World world;
  auto alice = world.connect();
  alice.sends(basic::Get{.queue = "nowhere"});
  const auto close = std::get<channel::Close>(alice.answer<channel::Close>().method);
  CHECK(close.class_id == basic::Get::id.class_id);
  CHECK(close.method_id == basic::Get::id.method_id);
}

TEST_CASE("a long text of a close is cut as RabbitMQ's but not within a character") {
  World world;
  auto alice = world.connect();
  const std::string begin = "NOT_FOUND - no queue '", end = "' in vhost '/'";
  const auto text_for = [&](const std::string& name) {
    const auto close = alice.sends(basic::Get{.queue = name}).answer<channel::Close>();
    alice.sends(channel::CloseOk{}).opens_channel(1).is_fine();
    return std::string{std::get<channel::Close>(close.method).reply_text};
  };
  const std::string longest(255 - begin.size() - end.size(), 'x');
  CHECK(text_for(longest) == begin + longest + end);
  CHECK(text_for(longest + "x") == begin + longest + "x' in vhost" + "...");
  CHECK(text_for(std::string(255, 'x')) == begin + std::string(252 - begin.size(), 'x') + "...");
  std::string name;
  while (name.size() < 250) name += "€";
  CHECK(text_for(name) == begin + name.substr(0, 252 - begin.size() - 2) + "...");  // two bytes of the next one fit
}

TEST_CASE("a NUL in a name ends no text") {
  World world;
  const std::string name{"nul\0name", 8};
  auto alice = world.connect();
  alice.sends(basic::Get{.queue = name});
  alice.channel_is_closed(ReplyCode::not_found, "NOT_FOUND - no queue '" + name + "' in vhost '/'");
  alice.opens_channel(1).sends(exchange::Declare{.exchange = "e", .type = name});
  alice.connection_is_closed(ReplyCode::command_invalid, "COMMAND_INVALID - unknown exchange type '" + name + "'");
}

TEST_CASE("flow is answered and cannot be switched off") {
  World world;
  auto alice = world.connect();
  alice.sends(channel::Flow{.active = true}).is_answered(channel::FlowOk{.active = true});
  alice.sends(channel::Flow{.active = false})
      .connection_is_closed(ReplyCode::not_implemented, "NOT_IMPLEMENTED - active=false");
}

TEST_CASE("access.request is answered") {
  World world;
  world.connect()
      .sends(protocol::access::Request{.realm = "/data"})
      .is_answered(protocol::access::RequestOk{.ticket = 1});
}

TEST_CASE("what only a broker sends is refused") {
  World world;
  auto alice = world.connect();
  const auto method = GENERATE(values<protocol::Method>({
      queue::DeclareOk{.queue = "q"},
      basic::QosOk{},
      basic::ConsumeOk{.consumer_tag = "c"},
      basic::CancelOk{.consumer_tag = "c"},
      basic::GetEmpty{},
      channel::OpenOk{},
      channel::FlowOk{},
      protocol::tx::SelectOk{},
  }));
  alice.sends(method).connection_is_closed(ReplyCode::command_invalid, "COMMAND_INVALID - unimplemented method");
}

TEST_CASE("a delivery that a client sends is refused") {
  World world;
  auto alice = world.connect();
  alice.sends(basic::Deliver{.consumer_tag = "c", .delivery_tag = 1, .routing_key = "q"}, {.body = "m"});
  alice.connection_is_closed(ReplyCode::command_invalid, "COMMAND_INVALID - unimplemented method");
}

}  // namespace pocketmq::tests
