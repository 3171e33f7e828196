// What is on its way in: how much of it there may be, who makes way, and who is cut.
#include <algorithm>
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

// A client whose large message stops half-way.
Client begins_message(World& world, std::string_view body = large) {
  auto client = world.connect();
  client.end().send_all_but(publish_of(body), body.size() / 2);
  world.settle();
  return client;
}

void ends_message(World& world, const Client& client) {
  const std::string rest(large.size() / 2, 'x');
  client.end().send_bytes(world.speaks_json() ? rest : rest.substr(1) + "\xCE");
}

// Of those who have just sent something.
const Client& who_may_read_on(World& world, const std::vector<Client>& senders) {
  world.settle();
  const auto found = std::ranges::find_if(senders, [](const Client& client) { return client.session().wants_input(); });
  REQUIRE(found != senders.end());
  return *found;
}

// Somebody who reads, by itself.
class RecordingReader final : public broker::Intake::Reader {
 public:
  RecordingReader(broker::Intake& intake, char name, std::string& told)
      : broker::Intake::Reader{intake}, name_{name}, told_{told} {}
  using broker::Intake::Reader::has_read_all;
  using broker::Intake::Reader::may_read_on;

 private:
  void on_admitted() override { told_ += name_; }

  const char name_;
  std::string& told_;
};

// The begin of a JSON frame, with that much of its header.
std::string begin_of_header(std::size_t bytes) {
  std::string begun(4, '\0');
  protocol::store_big_endian(begun.data(), std::uint32_t{500'000});
  return begun + std::string(bytes, ' ');
}

const std::string stalled_message =
    "RESOURCE_ERROR - memory is low, and a message stopped half-way: less than 1048576 bytes of it came within 5000 "
    "ms; "
    "publish it again later";

}  // namespace

TEST_CASE("who has least left to come is admitted and who has wasted its turn comes last") {
  broker::Memory memory{mark};
  broker::DeadlineHeap deadlines;
  broker::Clock clock;
  broker::Budget budget;
  broker::Intake intake{memory, deadlines, clock};
  std::string told;
  RecordingReader a{intake, 'a', told}, b{intake, 'b', told}, c{intake, 'c', told};
  auto wait = [&, now = TimePoint{1h}](std::chrono::milliseconds duration) mutable {
    now += duration;
    clock.observe(now);
    deadlines.tell_due(now, budget);
  };
  budget.grant(1'000'000);
  wait(0ms);
  memory.incoming().charge(mark / 4);
  CHECK(a.may_read_on(50'000));
  CHECK(b.may_read_on(40'000));
  CHECK_FALSE(a.may_read_on(50'000));
  CHECK_FALSE(c.may_read_on(60'000));
  b.has_read_all();
  CHECK(told == "a");
  wait(100ms);
  CHECK(told == "ac");
  CHECK_FALSE(a.may_read_on(1'000));
  CHECK_FALSE(b.may_read_on(70'000));
  SECTION("in line") {
    c.has_read_all();
    CHECK(told == "acb");
    b.has_read_all();
    CHECK(told == "acba");
  }
  SECTION("packed") {
    memory.incoming().charge(mark / 8);
    wait(1s);
    CHECK(told == "ac");
    RecordingReader d{intake, 'd', told};
    CHECK_FALSE(d.may_read_on(10'000));
    CHECK(d.may_read_on(100));
    memory.incoming().charge(2 * mark);
    CHECK_FALSE(d.may_read_on(100));
    c.has_read_all();
    CHECK(told == "acd");
  }
}

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
  REQUIRE(memory_of(world).is_crowded());
  world.advance(stall_max + 1s);
  senders.front().connection_close_comes(ReplyCode::resource_error, stalled_message);
  world.advance(20s);
  CHECK_FALSE(memory_of(world).is_crowded());
}

TEST_CASE("small messages come in while very large ones that have begun take up the memory") {
  constexpr std::size_t higher_mark = 4'000'000;
  World world{{.options = {.memory_max_bytes = higher_mark}}};
  const std::string very_large(1'000'000, 'x'), small(10'000, 'y');
  std::vector<Client> senders;
  for (int i = 0; i < 4; ++i) senders.push_back(begins_message(world, very_large));
  REQUIRE(memory_of(world).is_crowded());
  auto alice = world.connect();
  alice.declares("q");
  alice.end().send_piecewise(1'000);
  alice.publishes("q", small).gets("q", small);
  SECTION("and who trickles is cut") {
    world.advance(stall_max - 1s);
    for (auto& sender : senders) sender.end().send_bytes(std::string(20'000, 'x'));
    const auto& admitted = who_may_read_on(world, senders);
    world.advance(1s);
    admitted.connection_close_comes(ReplyCode::resource_error, stalled_message);
  }
}

TEST_CASE("other commands are no progress with a message") {
  World world{with_low_mark(Encoding::amqp)};
  std::vector<Client> senders;
  for (int i = 0; i < 3; ++i) {
    senders.push_back(world.connect());
    senders.back().opens_channel(2);
    senders.back().end().send_all_but(publish_of(large), large.size() / 2);
    world.settle();
  }
  world.advance(stall_max - 1s);
  for (auto& sender : senders) sender.end().send({.channel = 2, .method = basic::Qos{}});
  const auto& admitted = who_may_read_on(world, senders);
  world.advance(1s);
  admitted.connection_close_comes(ReplyCode::resource_error, stalled_message);
}

TEST_CASE("a message may take its time while there is memory") {
  World world;
  auto alice = begins_message(world);
  world.advance(100s);
  ends_message(world, alice);
  world.settle();
  alice.is_fine();
}

TEST_CASE("large messages that come at once arrive one after the other") {
  World world{with_low_mark()};
  auto bob = world.connect();
  bob.declares("q").consumes({.queue = "q", .no_ack = true});
  std::vector<Client> senders;
  for (int i = 0; i < 5; ++i) senders.push_back(begins_message(world));
  for (auto& sender : senders) ends_message(world, sender);
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
