// A broker at its memory mark: who publishes waits, who may free memory is read on, and nobody waits for ever.
#include <algorithm>
#include <utility>

#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

constexpr std::size_t low_mark = 100'000;
constexpr std::size_t hard_mark = low_mark + low_mark / 4;

WorldSetup with_memory_mark(std::optional<Encoding> encoding = {}) {
  return {.encoding = encoding, .options = {.memory_max_bytes = low_mark}};
}

const Login understands_blocked{.understands_blocked = true};

// "1000 xxx...", "1001 xxx...": bodies of 1,000 bytes.
std::string numbered_body(int number) {
  auto body = std::to_string(1'000 + number) + " ";
  body.resize(1'000, 'x');
  return body;
}

broker::Memory& memory_in(World& world) { return world.broker().context().memory(); }

bool is_held(const Client& client) { return !client.session().wants_input(); }

// The client publishes until it is held, at the last one; returns how many it has published.
int publishes_until_held(const Client& client, std::string_view queue) {
  int published = 0;
  while (!is_held(client)) {
    REQUIRE(published < 1'000);
    client.publishes(queue, numbered_body(published++));
  }
  return published;
}

// A queue that stands at the mark. What fills it is not held.
void fill(World& world, std::string_view queue) {
  auto filler = world.connect();
  filler.declares(queue);
  publishes_until_held(filler, queue);
  filler.vanishes();
  REQUIRE(memory_in(world).is_scarce());
}

std::vector<Expected> all_numbered(int count) {
  std::vector<Expected> expected;
  for (int i = 0; i < count; ++i) expected.emplace_back(numbered_body(i));
  return expected;
}

}  // namespace

TEST_CASE("a publisher is held at the mark and goes on when there is memory again") {
  World world{with_memory_mark()};
  auto alice = world.connect(understands_blocked), bob = world.connect();
  alice.declares("q").selects_confirms();
  const auto published = publishes_until_held(alice, "q");
  CHECK(published > 70);
  CHECK(memory_in(world).used() >= low_mark);
  CHECK(memory_in(world).used() < low_mark + 2'000);
  alice.is_blocked().publishes("q", numbered_body(published)).is_confirmed(1);
  CHECK(alice.end().bytes_to_send() > 0);
  bob.consumes({.queue = "q", .no_ack = true});
  alice.is_unblocked();
  CHECK_FALSE(is_held(alice));
  CHECK(alice.end().bytes_to_send() == 0);
  bob.receives_all(all_numbered(published + 1));
}

TEST_CASE("who does not understand that it is blocked is held without a word") {
  World world{with_memory_mark()};
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q");
  const auto published = publishes_until_held(alice, "q");
  CHECK(alice.end().inbox().empty());
  bob.purges("q", static_cast<std::uint32_t>(published - 1));
  alice.is_fine();
  bob.finds("q", {.messages = 1});
}

TEST_CASE("a tenth of the mark is free before publishers go on") {
  World world{with_memory_mark()};
  auto alice = world.connect(understands_blocked), bob = world.connect();
  alice.declares("q");
  publishes_until_held(alice, "q");
  alice.is_blocked();
  int gotten = 0;
  for (; is_held(alice); ++gotten) bob.sends(basic::Get{.queue = "q", .no_ack = true});
  CHECK(gotten >= 9);
  CHECK(gotten <= 11);
  alice.is_unblocked();
}

TEST_CASE("only a publish makes a connection wait") {
  World world{with_memory_mark()};
  fill(world, "q");
  auto alice = world.connect(understands_blocked);
  alice.declares("r").consumes("r").is_fine();
  alice.publishes("r", "held").is_blocked();
  world.connect().is_fine();
}

TEST_CASE("a publish on a channel that an error has closed is ignored and does not wait") {
  World world{with_memory_mark()};
  fill(world, "q");
  auto alice = world.connect();
  alice.sends(queue::Purge{.queue = "nowhere"})
      .channel_close_comes(ReplyCode::not_found, "NOT_FOUND - no queue 'nowhere' in vhost '/'");
  alice.publishes("q", "ignored").sends(channel::CloseOk{}).opens_channel(1).is_fine();
}

TEST_CASE("a publisher is held however the bytes are cut") {
  World world{with_memory_mark()};
  auto alice = world.connect(), bob = world.connect();
  const auto piece = GENERATE(1U, 7U, 1'003U);
  alice.end().send_piecewise(piece);
  alice.declares("q");
  for (int i = 0; i < 150; ++i) alice.publishes("q", numbered_body(i));
  CHECK(is_held(alice));
  bob.consumes({.queue = "q", .no_ack = true}).receives_all(all_numbered(150));
  alice.is_fine();
}

TEST_CASE("who has unacked deliveries publishes on up to the hard mark") {
  World world{with_memory_mark()};
  auto server = world.connect(understands_blocked), client = world.connect();
  client.declares("replies").declares("work").publishes("work", "request");
  server.consumes("work").receives("request");
  fill(world, "q");
  server.publishes("replies", numbered_body(0)).is_fine();
  client.gets("replies", numbered_body(0));
  int replies = 0;
  for (; memory_in(world).used() < hard_mark; ++replies) server.publishes("replies", numbered_body(replies));
  CHECK(replies > 15);
  const auto text = "RESOURCE_ERROR - the broker holds " + std::to_string(memory_in(world).used())
                    + " bytes, more than the 125000 it may; publish again when queues are shorter";
  server.publishes("replies", "too much");
  server.connection_is_closed(ReplyCode::resource_error, text);
  client.finds("replies", {.messages = static_cast<std::uint32_t>(replies)}).gets("work", redelivered("request"));
}

TEST_CASE("who has unacked deliveries publishes nothing that would go far beyond the hard mark") {
  World world{with_memory_mark()};
  auto server = world.connect(), client = world.connect();
  client.declares("replies").declares("work").publishes("work", "request");
  server.consumes("work").receives("request");
  fill(world, "q");
  const auto used = memory_in(world).used();
  server.publishes("replies", std::string(hard_mark - used - 1'000, 'x')).is_fine();
  client.sends(queue::Purge{.queue = "replies"}).is_answered(queue::PurgeOk{.message_count = 1});
  REQUIRE(memory_in(world).used() == used);
  server.publishes("replies", std::string(50'000, 'x'));
  const auto text = "RESOURCE_ERROR - the broker holds " + std::to_string(used)
                    + " bytes, and with the 50000 of this message more than the 125000 it may; publish again when "
                      "queues are shorter";
  server.connection_is_closed(ReplyCode::resource_error, text);
  client.finds("replies", {.messages = 0});
}

TEST_CASE("who is delivered to while it is held is read on, as it may ack") {
  World world{with_memory_mark()};
  fill(world, "q");
  auto server = world.connect(understands_blocked), client = world.connect();
  client.declares("work");
  server.consumes("work").publishes("q", "held").is_blocked();
  client.sends(basic::Get{.queue = "q"}).publishes("work", "request");  // it has an unacked delivery, and may publish
  server.receives("request").is_unblocked();
  CHECK_FALSE(is_held(server));
  server.is_fine();
}

TEST_CASE("requests that stand at the mark are answered and nobody dead-locks") {
  World world{with_memory_mark()};
  auto client = world.connect(understands_blocked);
  std::vector<Client> servers{world.connect(understands_blocked), world.connect(understands_blocked)};
  client.declares("work").declares("replies").consumes({.queue = "replies", .no_ack = true});
  constexpr int calls = 300;
  for (int i = 0; i < calls; ++i) client.publishes("work", numbered_body(i));
  REQUIRE(is_held(client));
  for (auto& server : servers) server.prefetches(2).consumes("work");
  std::size_t replies = 0;
  for (int rounds = 0; replies < calls && rounds < calls; ++rounds) {
    for (auto& server : servers) {
      const auto requests = std::exchange(server.end().inbox(), {});
      for (const auto& request : requests) {
        REQUIRE(std::holds_alternative<basic::Deliver>(request.method));
        server.publishes("replies", numbered_body(0)).acks(request.body);
        REQUIRE_FALSE(is_held(server));
      }
    }
    replies = static_cast<std::size_t>(std::ranges::count_if(
        client.end().inbox(), [](const auto& got) { return std::holds_alternative<basic::Deliver>(got.method); }));
  }
  CHECK(replies == calls);
  CHECK_FALSE(is_held(client));
}

TEST_CASE("a client that sends requests and never reads its replies ends and the others go on") {
  World world{{.options = {.limits = {.output_deliver_bytes = 10'000}, .memory_max_bytes = low_mark}}};
  auto deaf = world.connect({.heartbeat = 10s}), other = world.connect(), server = world.connect();
  const bool acks = GENERATE(false, true);
  server.declares("work").prefetches(1).consumes("work");
  deaf.declares({.queue = "replies", .exclusive = true})
      .consumes({.queue = "replies", .no_ack = !acks})
      .stops_reading();
  other.declares({.queue = "others", .exclusive = true}).consumes({.queue = "others", .no_ack = true});
  for (int i = 0; i < 200; ++i) {
    deaf.publishes("work", "request " + std::to_string(i));
    if (server.end().inbox().empty()) break;
    server.end().inbox().clear();
    server.publishes("replies", numbered_body(i)).acks_all();
    if (!server.end().is_open()) break;
  }
  other.publishes("work", "another");
  if (!acks) REQUIRE(memory_in(world).is_scarce());  // else it was read on, and has ended at the hard mark
  world.advance(30s);                                // it has not read for two intervals
  CHECK_FALSE(deaf.end().is_open());
  CHECK_FALSE(memory_in(world).is_scarce());
  CHECK(server.end().is_open());
  other.is_fine();
}

TEST_CASE("a transaction at the mark goes on and may be committed or rolled back") {
  World world{with_memory_mark()};
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q").selects_tx();
  int published = 0;
  for (; !memory_in(world).is_scarce(); ++published) alice.publishes("q", numbered_body(published));
  alice.publishes("q", numbered_body(published++));
  SECTION("committed") {
    alice.commits();
    bob.finds("q", {.messages = static_cast<std::uint32_t>(published)});
  }
  SECTION("rolled back") {
    alice.rolls_back();
    CHECK(memory_in(world).used() < 10'000);
  }
  SECTION("up to the hard mark") {
    for (int i = 0; alice.end().is_open() && i < 100; ++i) {
      alice.publishes("q", numbered_body(i));
      if (!alice.end().inbox().empty()) break;
    }
    CHECK(std::holds_alternative<connection::Close>(alice.end().inbox().front().method));
    CHECK(memory_in(world).used() < 10'000);
    bob.finds("q", {.messages = 0});
  }
}

TEST_CASE("a held connection is not taken for silent") {
  World world{with_memory_mark()};
  fill(world, "q");
  auto alice = world.connect({.heartbeat = 10s}), bob = world.connect();
  alice.publishes("q", "held");
  world.advance(100s);
  CHECK(alice.end().is_open());
  CHECK(alice.heartbeats() > 10);
  bob.sends(queue::Purge{.queue = "q"});
  alice.is_fine();
  bob.end().inbox().clear();
  bob.finds("q", {.messages = 1});
}

TEST_CASE("a held client can be shut down and lost") {
  World world{with_memory_mark()};
  fill(world, "q");
  auto alice = world.connect();
  alice.publishes("q", "held");
  REQUIRE(is_held(alice));
  const auto ready = world.queue("q").ready();
  SECTION("shut down") {
    world.broker().shut_down("good night");
    world.settle();
    alice.connection_is_closed(ReplyCode::connection_forced, "CONNECTION_FORCED - good night");
  }
  SECTION("lost") { alice.vanishes(); }
  CHECK(world.queue("q").ready() == ready);
}

TEST_CASE("large bodies wait half-way and arrive whole") {
  World world{with_memory_mark()};
  fill(world, "q");
  auto alice = world.connect(understands_blocked), bob = world.connect();
  bob.declares("r");
  const std::string body(20'000, 'b');
  alice.end().send_piecewise(8'000);
  alice.publishes("r", body).is_blocked();
  CHECK(alice.end().bytes_to_send() > 0);
  bob.sends(queue::Purge{.queue = "q"});
  (void)bob.answer<queue::PurgeOk>();
  alice.is_unblocked();
  bob.gets("r", body);
}

TEST_CASE("messages are charged once and places each, and all of it is released") {
  World world{with_memory_mark()};
  auto alice = world.connect();
  const auto at_first = memory_in(world).used();
  auto bob = world.connect();
  alice.declares("q");
  bob.consumes("q", "c");
  const auto before = memory_in(world).used();
  bob.cancels("c");
  const auto consumer = before - memory_in(world).used();
  alice.publishes("q", numbered_body(0));
  const auto one = memory_in(world).used() + consumer - before;
  CHECK(one > 1'000);
  CHECK(one < 1'400);
  bob.consumes("q", "c").receives(numbered_body(0));
  CHECK(memory_in(world).used() == before + one);
  bob.requeues_all().receives(redelivered(numbered_body(0)));
  CHECK(memory_in(world).used() == before + one);
  bob.acks_all();
  CHECK(memory_in(world).used() == before);
  for (int i = 0; i < 10; ++i) alice.publishes("q", "");
  CHECK(memory_in(world).used() >= before + 10 * 150);
  bob.vanishes();
  CHECK(memory_in(world).used() >= at_first + 10 * 150);
  alice.deletes("q", 10);
  CHECK(memory_in(world).used() == at_first);
}

}  // namespace pocketmq::tests
