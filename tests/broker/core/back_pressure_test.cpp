// Clients that write before they read, or do not read at all: what they hold is bounded, and nobody waits for ever.
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

constexpr std::size_t deliver_mark = 10'000;
constexpr std::size_t answer_mark = 20'000;
// More than any one command of these stories.
constexpr std::size_t one_command = 2'000;

WorldSetup with_low_marks() {
  return {.options = {.limits = {.output_deliver_bytes = deliver_mark, .output_answer_bytes = answer_mark}}};
}

// "000 xxx..." to "099 xxx...": a hundred messages of 1,000 bytes.
std::vector<std::string> hundred_messages() {
  std::vector<std::string> bodies;
  for (int i = 0; i < 100; ++i) {
    auto body = std::to_string(1'000 + i) + " ";
    body.resize(1'000, 'x');
    bodies.push_back(std::move(body));
  }
  return bodies;
}

std::vector<Expected> as_deliveries(const std::vector<std::string>& bodies) { return {bodies.begin(), bodies.end()}; }

}  // namespace

TEST_CASE("a consumer that does not read leaves its messages in the queue") {
  World world{with_low_marks()};
  auto alice = world.connect(), bob = world.connect();
  const auto bodies = hundred_messages();
  alice.declares("q");
  const bool no_ack = GENERATE(false, true);
  bob.consumes({.queue = "q", .no_ack = no_ack}).stops_reading();
  for (const auto& body : bodies) alice.publishes("q", body);
  CHECK(bob.session().output().size() >= deliver_mark);
  CHECK(bob.session().output().size() < deliver_mark + one_command);
  CHECK(world.queue("q").ready() > 85);
  bob.reads_all().receives_all(as_deliveries(bodies));
  CHECK(world.queue("q").ready() == 0);
}

TEST_CASE("deliveries go on when half of what waited has been read") {
  World world{with_low_marks()};
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q");
  bob.consumes("q").stops_reading();
  for (const auto& body : hundred_messages()) alice.publishes("q", body);
  const auto waiting = bob.session().output().size();
  const auto ready = world.queue("q").ready();
  bob.reads(waiting - deliver_mark / 2);
  CHECK(world.queue("q").ready() == ready);
  bob.reads(1);
  CHECK(world.queue("q").ready() < ready);
  CHECK(bob.session().output().size() < deliver_mark + one_command);
}

TEST_CASE("messages go past a consumer that does not read to one that does") {
  World world{with_low_marks()};
  auto alice = world.connect(), bob = world.connect(), carol = world.connect();
  alice.declares("q");
  bob.consumes("q").stops_reading();
  carol.consumes("q");
  for (const auto& body : hundred_messages()) alice.publishes("q", body);
  CHECK(world.queue("q").ready() == 0);
  CHECK(carol.end().inbox().size() > 85);
}

TEST_CASE("all consumers of a connection go on when it reads again") {
  World world{with_low_marks()};
  auto alice = world.connect(), bob = world.connect();
  auto second = bob.opens_channel(2);
  bob.declares("q").declares("r").declares("s").consumes("q").consumes("r");
  second.consumes("s").stops_reading();
  for (const auto& body : hundred_messages()) alice.publishes("q", body).publishes("r", body).publishes("s", body);
  bob.reads_all();
  for (const auto* name : {"q", "r", "s"}) CHECK(world.queue(name).ready() == 0);
  CHECK(bob.end().inbox().size() == 300);
}

TEST_CASE("acks do not make a consumer that does not read take more") {
  World world{with_low_marks()};
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q");
  bob.prefetches(20).consumes("q").stops_reading();
  for (const auto& body : hundred_messages()) alice.publishes("q", body);
  bob.acks_all();
  CHECK(bob.session().output().size() < deliver_mark + one_command);
  bob.reads_all();
  CHECK(bob.end().inbox().size() >= 20);
}

TEST_CASE("a consumer that does not read can be cancelled and closed") {
  World world{with_low_marks()};
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q");
  bob.consumes("q", "c").stops_reading();
  for (const auto& body : hundred_messages()) alice.publishes("q", body);
  SECTION("cancelled") { bob.sends(basic::Cancel{.consumer_tag = "c"}); }
  SECTION("its channel closed") { bob.sends(channel::Close{}); }
  SECTION("lost") { bob.vanishes(); }
  SECTION("its queue deleted") {
    alice.sends(queue::Delete{.queue = "q"});
    (void)alice.answer<queue::DeleteOk>();
    bob.reads_all().is_cancelled("c");
    return;
  }
  CHECK(world.queue("q").consumers() == 0);
  bob.reads_all();
  alice.consumes("q");
  CHECK(world.queue("q").ready() == 0);
}

TEST_CASE("a client that asks and does not read the answers is not read from") {
  World world{with_low_marks()};
  auto alice = world.connect();
  alice.declares("q").stops_reading();
  constexpr int questions = 10'000;
  for (int i = 0; i < questions; ++i) alice.end().send({.channel = 1, .method = queue::Declare{.queue = "q"}});
  world.settle();
  CHECK_FALSE(alice.session().wants_input());
  CHECK(alice.end().bytes_to_send() > 0);
  CHECK(alice.session().output().size() > answer_mark);
  CHECK(alice.session().output().size() < answer_mark + one_command);
  alice.reads_all();
  REQUIRE(alice.end().inbox().size() == questions);
  alice.end().inbox().clear();
  alice.is_fine();
}

TEST_CASE("returned and gotten messages count as answers in full") {
  World world{with_low_marks()};
  auto alice = world.connect();
  alice.declares("q").stops_reading();
  const std::string body(5'000, 'x');
  SECTION("returned") {
    for (int i = 0; i < 4; ++i) alice.publishes("nowhere", {.body = body, .mandatory = true});
  }
  SECTION("gotten") {
    for (int i = 0; i < 4; ++i) alice.publishes("q", body);
    CHECK(alice.session().wants_input());
    for (int i = 0; i < 4; ++i) alice.sends(basic::Get{.queue = "q"});
  }
  CHECK_FALSE(alice.session().wants_input());
  alice.reads_all();
  CHECK(alice.end().inbox().size() == 4);
  alice.end().inbox().clear();
  alice.is_fine();
}

TEST_CASE("a client that never reads its answers holds less than 64 MiB") {
  World world;
  auto alice = world.connect();
  alice.stops_reading();
  const std::string body(1'000'000, 'x');
  for (int i = 0; i < 100 && alice.session().wants_input(); ++i)
    alice.publishes("nowhere", {.body = body, .mandatory = true});
  CHECK_FALSE(alice.session().wants_input());
  CHECK(alice.session().output().size() < 16U << 20U);
}

TEST_CASE("deliveries alone never stop a client from being read") {
  World world;
  auto alice = world.connect(), server = world.connect();
  alice.declares("requests").declares("replies");
  const std::string request(20'000, 'q'), reply(1'000'000, 'r');
  server.consumes("requests").stops_reading();  // it writes before it reads
  for (int i = 0; i < 100; ++i) alice.publishes("requests", request);
  CHECK(server.session().output().size() >= protocol::Limits{}.output_deliver_bytes);
  for (int i = 0; i < 20; ++i) {
    server.publishes("replies", reply);
    REQUIRE(server.session().wants_input());
    REQUIRE(server.end().bytes_to_send() == 0);
  }
  CHECK(world.queue("replies").ready() == 20);
  server.reads_all();
  CHECK(server.end().inbox().size() == 100);
}

TEST_CASE("a consumer of its own messages that writes before it reads is read from") {
  World world{with_low_marks()};
  auto alice = world.connect();
  alice.declares("q").consumes("q").stops_reading();
  const auto bodies = hundred_messages();
  for (const auto& body : bodies) {
    alice.publishes("q", body);
    REQUIRE(alice.end().bytes_to_send() == 0);
  }
  alice.reads_all().receives_all(as_deliveries(bodies));
}

TEST_CASE("a message that ends while its consumer does not read is not delivered later") {
  World world{with_low_marks()};
  auto alice = world.connect(), bob = world.connect();
  alice.declares("q");
  bob.consumes("q").stops_reading();
  const std::string body(deliver_mark, 'x');
  alice.publishes("q", body).publishes("q", {.body = "late", .properties = {.expiration = "1000"}});
  world.advance(1s);
  bob.reads_all().receives(body);
}

TEST_CASE("shutting down reaches a client whose output is full") {
  World world{with_low_marks()};
  auto alice = world.connect();
  alice.declares("q").consumes("q").stops_reading();
  for (const auto& body : hundred_messages()) alice.publishes("q", body);
  world.broker().shut_down("good night");
  world.settle();
  alice.reads_all().connection_close_comes(ReplyCode::connection_forced, "CONNECTION_FORCED - good night");
}

}  // namespace pocketmq::tests
