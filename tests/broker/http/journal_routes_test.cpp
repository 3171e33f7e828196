// The journal over HTTP: NDJSON from a number on, and server-sent events.
#include "broker/http/journal_routes.hpp"

#include "broker/journal/schema.hpp"
#include "tests/support/http_requests.hpp"

namespace pocketmq::tests {
namespace {

namespace event = broker::event;
using namespace std::chrono_literals;

const std::string events_please = "Accept: text/event-stream\r\n";

// A broker whose journal is served. `told` is the number of the last event that the broker has told by itself.
class JournalWorld : public HttpWorld {
 public:
  explicit JournalWorld(std::size_t journal_bytes = 1'000'000) : HttpWorld{{}, {}, {.journal_bytes = journal_bytes}} {
    http::serve_journal(router(), broker().context());
    told = journal().last_number();
  }
  [[nodiscard]] broker::Journal& journal() { return broker().journal(); }
  /// Tells `count` events of the category connections.
  JournalWorld& tells(std::size_t count = 1) {
    for (std::size_t i = 0; i < count; ++i) journal().tell(event::ConnectionBlocked{.connection = 1'000});
    settle();
    return *this;
  }
  [[nodiscard]] std::string from_here() const { return "/journal?from=" + std::to_string(told + 1); }

  std::uint64_t told;
};

// The lines of NDJSON; the first one is the header.
std::vector<nlohmann::json> lines_of(std::string_view text) {
  std::vector<nlohmann::json> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    REQUIRE(end != text.npos);
    lines.push_back(nlohmann::json::parse(text.substr(0, end)));
    text.remove_prefix(end + 1);
  }
  return lines;
}

std::vector<std::uint64_t> numbers_of(const std::vector<nlohmann::json>& lines) {
  std::vector<std::uint64_t> numbers;
  for (const auto& line : lines)
    if (line.contains("number")) numbers.push_back(line.at("number").get<std::uint64_t>());
  return numbers;
}

// What has come of an event stream: the data of the events that have an id.
std::vector<nlohmann::json> events_in(std::string_view received) {
  std::vector<nlohmann::json> events;
  for (auto at = received.find("id: "); at != received.npos; at = received.find("id: ", at + 1)) {
    const auto data = received.find("data: ", at);
    const auto end = received.find("\n\n", at);
    if (end == received.npos) break;
    events.push_back(nlohmann::json::parse(received.substr(data + 6, end - data - 6)));
    CHECK(received.substr(at + 4, data - at - 5) == std::to_string(events.back().at("number").get<std::uint64_t>()));
  }
  return events;
}

}  // namespace

TEST_CASE("the journal is read as NDJSON from a number on") {
  JournalWorld world;
  world.tells(5);
  const auto answer = world.connect().asks(get("/journal?from=" + std::to_string(world.told + 3)));
  CHECK(answer.status == 200);
  CHECK(answer.header("Content-Type") == "application/x-ndjson");
  CHECK(answer.header("Cache-Control") == "no-store");
  const auto lines = lines_of(answer.body);
  CHECK(lines.at(0).at("journal") == broker::journal_schema_version);
  CHECK(lines.at(0).at("next") == world.told + 3);
  CHECK(numbers_of(lines) == std::vector{world.told + 3, world.told + 4, world.told + 5});
  CHECK(lines.at(1).at("kind") == "connection.blocked");
}

TEST_CASE("without a number the journal begins with the oldest event that is kept") {
  JournalWorld world{20'000};
  world.tells(5'000);
  const auto first = world.journal().first_number();
  REQUIRE(first > 1);
  const auto numbers = numbers_of(lines_of(world.connect().asks(get("/journal")).body));
  CHECK(numbers.front() == first);
  CHECK(numbers.back() == world.journal().last_number());
  CHECK(numbers.size() == world.journal().last_number() - first + 1);
}

TEST_CASE("who asks for events that are not kept any more is told of the gap") {
  JournalWorld world{20'000};
  world.tells(5'000);
  const auto first = world.journal().first_number();
  const auto lines = lines_of(world.connect().asks(get("/journal?from=1&categories=messages")).body);
  REQUIRE(lines.size() == 2);
  CHECK(lines[1].at("kind") == "gap");
  CHECK(lines[1].at("from") == 1);
  CHECK(lines[1].at("to") == first - 1);
  CHECK(lines[1].at("number") == first - 1);
}

TEST_CASE("a reader gets only the categories that it asks for") {
  JournalWorld world;
  world.tells();
  world.journal().tell(event::VhostCreated{.vhost = "v"});
  world.journal().tell(event::ClockFrozen{});
  const auto numbers = [&](const std::string& categories) {
    return numbers_of(lines_of(world.connect().asks(get(world.from_here() + "&categories=" + categories)).body));
  };
  CHECK(numbers("topology") == std::vector{world.told + 2});
  CHECK(numbers("broker,connections") == std::vector{world.told + 1, world.told + 3});
  CHECK(numbers("messages").empty());
}

TEST_CASE("a large journal is read in many slices") {
  JournalWorld world{8'000'000};
  world.tells(100'000);
  const auto ticks = world.ticks();
  const auto numbers = numbers_of(lines_of(world.connect().asks(get(world.from_here())).body));
  CHECK(numbers.size() == 100'000);
  CHECK(world.ticks() - ticks > 5);
  const auto ticks_before_skipping = world.ticks();
  CHECK(numbers_of(lines_of(world.connect().asks(get(world.from_here() + "&categories=messages")).body)).empty());
  CHECK(world.ticks() - ticks_before_skipping > 1);
}

TEST_CASE("events are sent to a follower as they happen") {
  JournalWorld world;
  world.tells(2);
  auto& peer = world.connect();
  peer.sends(get(world.from_here(), events_please));
  CHECK_THAT(std::string{peer.received()}, Catch::Contains("Content-Type: text/event-stream\r\n"));
  CHECK_THAT(std::string{peer.received()}, Catch::Contains("event: journal\ndata: {\"journal\":1,"));
  CHECK(numbers_of(events_in(peer.received())) == std::vector{world.told + 1, world.told + 2});
  world.tells();
  CHECK(numbers_of(events_in(peer.received())) == std::vector{world.told + 1, world.told + 2, world.told + 3});
  world.advance(15s);
  CHECK_THAT(std::string{peer.received()}, Catch::EndsWith(":\n\n\r\n"));  // it is alive
  world.tells(1'000);
  CHECK(events_in(peer.received()).size() == 1'003);
}

TEST_CASE("follow=true asks for server-sent events too") {
  JournalWorld world;
  auto& peer = world.connect();
  peer.sends(get("/journal?follow=true&categories=topology"));
  world.tells();
  const auto before = events_in(peer.received()).size();
  world.journal().tell(event::VhostCreated{.vhost = "v"});
  world.settle();
  CHECK(events_in(peer.received()).size() == before + 1);
  auto& other = world.connect();
  CHECK(other.asks(get("/journal?follow=false", events_please)).header("Content-Type") == "application/x-ndjson");
}

TEST_CASE("a follower that connects again goes on behind the last event that it has seen") {
  JournalWorld world;
  world.tells(4);
  const auto last_seen = std::to_string(world.told + 2);
  for (const auto& request : {get("/journal?from=1", events_please + "Last-Event-ID: " + last_seen + "\r\n"),
                              get("/journal?last_event_id=" + last_seen, events_please)}) {
    auto& peer = world.connect();
    peer.sends(request);
    CHECK(numbers_of(events_in(peer.received())) == std::vector{world.told + 3, world.told + 4});
  }
}

TEST_CASE("a number that no event has yet stands for the next one") {
  JournalWorld world;
  world.tells(3);
  const auto next = world.journal().last_number() + 1;
  for (const auto& request : {get("/journal?from=1000000", events_please),
                              get("/journal", events_please + "Last-Event-ID: 18446744073709551615\r\n")}) {
    auto& peer = world.connect();
    peer.sends(request);
    CHECK(events_in(peer.received()).empty());
    CHECK_THAT(std::string{peer.received()}, Catch::Contains("\"next\":" + std::to_string(next)));
  }
  CHECK(lines_of(world.connect().asks(get("/journal?from=1000000")).body).size() == 1);
  world.tells();
  auto& peer = world.connect();
  peer.sends(get("/journal?from=" + std::to_string(next), events_please));
  CHECK(numbers_of(events_in(peer.received())) == std::vector{next});
}

TEST_CASE("a follower that reads too slowly is told of what it has missed") {
  JournalWorld world{100'000};
  auto& peer = world.connect();
  peer.reads_at_most(0);
  peer.sends(get(world.from_here(), events_please));
  world.tells(20'000);
  peer.reads_at_most(std::numeric_limits<std::size_t>::max());
  world.settle();
  const auto events = events_in(peer.received());
  auto expected = world.told + 1;
  std::size_t gaps = 0;
  for (const auto& each : events) {
    if (each.at("kind") == "gap") {
      ++gaps;
      CHECK(each.at("from") == expected);
    } else {
      CHECK(each.at("number") == expected);
    }
    expected = each.at("number").get<std::uint64_t>() + 1;
  }
  CHECK(gaps == 1);
  CHECK(expected == world.journal().last_number() + 1);
}

TEST_CASE("a follower that never reads takes bounded memory and is cut") {
  JournalWorld world{100'000};
  auto& peer = world.connect();
  peer.reads_at_most(0);
  peer.sends(get("/journal", events_please));
  std::size_t most = 0;
  for (int i = 0; i < 100; ++i) {
    world.tells(1'000);
    most = std::max(most, world.memory());
  }
  CHECK(most < 100'000 + 200'000);  // the ring, and what the connection has made ready
  world.advance(29s);
  CHECK_FALSE(peer.end().finished());
  world.advance(2s);
  CHECK(peer.end().finished());
  CHECK(world.server().connection_count() == 0);
  peer.vanish();
  world.tells(1'000);  // nobody is woken any more
  CHECK(world.memory() <= 100'000);
}

TEST_CASE("a query that cannot be meant is refused") {
  JournalWorld world;
  auto& peer = world.connect();
  const auto refusal = [&](const std::string& query, const std::string& more = "") {
    const auto answer = peer.asks(get("/journal?" + query, more));
    CHECK(answer.status == 400);
    return reason_of(answer);
  };
  CHECK_THAT(refusal("from=0"), Catch::Contains("'from' wants a whole number from 1"));
  CHECK_THAT(refusal("from=-1"), Catch::Contains("'from' wants"));
  CHECK_THAT(refusal("from=18446744073709551616"), Catch::Contains("'from' wants"));
  CHECK_THAT(refusal("from="), Catch::Contains("'from' wants"));
  CHECK_THAT(refusal("follow=yes"), Catch::Contains("'follow' wants 'true' or 'false', got 'yes'"));
  CHECK_THAT(refusal("form=1"), Catch::Contains("there is no 'form' here"));
  CHECK_THAT(refusal("from=1&from=2"), Catch::Contains("'from' is in the query twice"));
  CHECK_THAT(refusal("categories="), Catch::Contains("there is no category ''"));
  CHECK_THAT(refusal("categories=topology,"), Catch::Contains("there is no category ''"));
  CHECK_THAT(refusal("categories=queues"),
             Catch::Contains("there are 'connections', 'topology', 'messages', 'broker'"));
  CHECK_THAT(refusal("follow=true", "Last-Event-ID: seven\r\n"), Catch::Contains("Last-Event-ID is no number"));
  CHECK(peer.asks("POST /journal HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").status == 405);
}

TEST_CASE("HEAD tells what a GET of the journal would be") {
  JournalWorld world;
  auto& peer = world.connect();
  const auto head = [&](const std::string& more) {
    return peer.asks("HEAD /journal HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n");
  };
  CHECK(head("").header("Content-Type") == "application/x-ndjson");
  CHECK(head(events_please).header("Content-Type") == "text/event-stream");
  CHECK(peer.asks(get("/journal/schema")).status == 200);  // the connection goes on
}

TEST_CASE("a broker that keeps no events says so") {
  JournalWorld world{0};
  const auto answer = world.connect().asks(get("/journal"));
  CHECK(answer.status == 404);
  CHECK_THAT(reason_of(answer), Catch::Contains("--journal-bytes"));
}

TEST_CASE("the journal's schema can be had") {
  JournalWorld world;
  const auto answer = world.connect().asks(get("/journal/schema"));
  CHECK(answer.header("Content-Type") == "application/json");
  CHECK(answer.body == broker::journal_schema());
}

TEST_CASE("a follower misses nothing while events of other categories go through the ring") {
  JournalWorld world{100'000};
  auto& peer = world.connect();
  peer.sends(get("/journal?follow=true&categories=topology&from=" + std::to_string(world.told + 1)));
  world.tells(10'000);
  world.journal().tell(event::VhostCreated{.vhost = "new"});
  world.settle();
  const auto events = events_in(peer.received());
  REQUIRE(events.size() == 1);
  CHECK(events[0].at("kind") == "vhost.created");
}

}  // namespace pocketmq::tests
