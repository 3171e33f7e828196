// What is on its way in: how much of it there may be, who makes way, and who is cut.
#include <vector>

#include "broker/session/broker.hpp"
#include "protocol/base/big_endian.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

constexpr std::size_t mark = 100'000;
constexpr auto stall_max = 5s;

WorldSetup with_low_mark(std::optional<Encoding> encoding = {}) {
  return {.encoding = encoding, .options = {.memory_max_bytes = mark}};
}

broker::Memory& memory_of(World& world) { return world.broker().context().memory(); }

protocol::Command publish_of(std::string_view body) {
  return {.channel = 1, .method = basic::Publish{.routing_key = "q"}, .content = {{.body = body}}};
}

const std::string large(20'000, 'x');

// A client whose large message never ends.
Client begins_message(World& world) {
  auto client = world.connect();
  client.end().send_all_but(publish_of(large), 1);
  world.settle();
  return client;
}

// The begin of a JSON frame, with that much of its header.
std::string begin_of_header(std::size_t bytes) {
  std::string begun(4, '\0');
  protocol::store_big_endian(begun.data(), std::uint32_t{500'000});
  return begun + std::string(bytes, ' ');
}

const std::string stalled_message =
    "RESOURCE_ERROR - memory is low, and a message stopped half-way: less than 16384 bytes of it came within 5000 ms; "
    "publish it again later";

}  // namespace

TEST_CASE("messages that begin and do not end keep nobody from publishing") {
  World world{with_low_mark()};
  std::vector<Client> senders;
  for (int i = 0; i < 10; ++i) senders.push_back(begins_message(world));
  auto alice = world.connect(), bob = world.connect();
  bob.declares("q").publishes("q", "small").is_fine();
  CHECK(memory_of(world).is_crowded());
  CHECK(memory_of(world).incoming().used() < mark);
  alice.publishes("q", large);
  world.advance(2 * stall_max);  // some have had a moment, and others were cut
  bob.gets("q", "small").gets("q", large);
  CHECK(memory_of(world).total() < mark + mark / 2 + 2 * large.size());
}

TEST_CASE("what stalls half-way is cut where memory is low, and gives all of it back") {
  World world{with_low_mark()};
  std::vector<Client> senders;
  for (int i = 0; i < 3; ++i) senders.push_back(begins_message(world));
  world.advance(stall_max + 1s);
  senders.front().connection_close_comes(ReplyCode::resource_error, stalled_message);
  world.advance(20s);
  CHECK_FALSE(memory_of(world).is_crowded());
}

TEST_CASE("a message may take its time while there is memory") {
  World world;
  auto alice = begins_message(world);
  world.advance(100s);
  alice.end().send_bytes(world.speaks_json() ? "x" : "\xCE");
  world.settle();
  alice.is_fine();
}

TEST_CASE("large messages that come at once arrive one after the other") {
  World world{with_low_mark()};
  auto bob = world.connect();
  bob.declares("q").consumes({.queue = "q", .no_ack = true});
  std::vector<Client> senders;
  for (int i = 0; i < 5; ++i) senders.push_back(begins_message(world));
  for (auto& sender : senders) sender.end().send_bytes(world.speaks_json() ? "x" : "\xCE");
  world.settle();
  bob.receives(large, large, large, large, large);
  CHECK(memory_of(world).incoming().used() == 0);
  for (auto& sender : senders) sender.is_fine();
}

TEST_CASE("who stands in line may go, or be shut down") {
  World world{with_low_mark()};
  std::vector<Client> senders;
  for (int i = 0; i < 5; ++i) senders.push_back(begins_message(world));
  REQUIRE_FALSE(senders.back().session().wants_input());
  SECTION("gone") {
    for (const auto& sender : senders) sender.vanishes();
    world.advance(1s);
    CHECK(memory_of(world).incoming().used() == 0);
  }
  SECTION("shut down") {
    world.broker().shut_down("good night");
    world.settle();
    senders.back().connection_close_comes(ReplyCode::connection_forced, "CONNECTION_FORCED - good night");
  }
}

TEST_CASE("a header that stops half-way is cut") {
  World world{Encoding::json};
  auto alice = world.connect();
  alice.sends_bytes(begin_of_header(10'000));
  world.advance(stall_max - 1s);
  CHECK(alice.end().is_open());
  SECTION("which stalls") {
    world.advance(1s);
    alice.connection_close_comes(
        ReplyCode::frame_error,
        "FRAME_ERROR - a frame stopped half-way: less than 16384 bytes of it came within 5000 ms");
  }
  SECTION("but not while it comes") {
    for (int i = 0; i < 10; ++i) {
      alice.sends_bytes(std::string(20'000, ' '));
      world.advance(stall_max - 1s);
    }
    CHECK(alice.end().inbox().empty());
  }
}

TEST_CASE("a few bytes may wait for their rest for ever") {
  World world{Encoding::json};
  auto alice = world.connect();
  alice.sends_bytes(begin_of_header(1'000));
  world.advance(1h);
  CHECK(alice.end().inbox().empty());
  CHECK(alice.end().is_open());
}

TEST_CASE("before the login a header is short") {
  World world{Encoding::json};
  world.arrive()
      .sends_bytes(begin_of_header(17'000))
      .connection_close_comes(
          ReplyCode::frame_error,
          "FRAME_ERROR - a header is longer than the 16384 bytes that are accepted before connection.open; "
          "log in first");
  CHECK(memory_of(world).incoming().used() == 0);
}

TEST_CASE("who begins with a message is logged in before all of it has come") {
  World world{Encoding::json};
  world.connect().declares("q");
  auto alice = world.arrive();
  alice.end().send_all_but(publish_of(large), 1);
  world.settle();
  CHECK(alice.session().user().name == "guest");
  alice.sends_bytes("x");
  world.advance(20s);  // longer than a handshake may take
  alice.gets("q", large);
}

TEST_CASE("a message before the connection is open is not taken in") {
  World world{Encoding::amqp};
  auto alice = world.arrive().sends_header();
  (void)alice.answer<connection::Start>();
  alice.end().tune_frame_max(4'096);
  alice.end().send_all_but(publish_of(large), 1);
  world.settle();
  alice.connection_close_comes(
      ReplyCode::unexpected_frame,
      "UNEXPECTED_FRAME - a message came before the connection was open: connection.open comes first");
}

TEST_CASE("of what a client calls itself a short string is kept") {
  World world;
  const auto alice = world.connect({.name = std::string(1'000, 'n')});
  CHECK(alice.session().name() == std::string(255, 'n'));
}

}  // namespace pocketmq::tests
