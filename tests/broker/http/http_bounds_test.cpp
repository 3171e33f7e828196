// What bounds HTTP connections: slow senders and readers, very many connections, and much at once.
#include <algorithm>
#include <random>

#include "broker/http/http_end.hpp"
#include "tests/support/http_requests.hpp"

namespace pocketmq::tests {

using namespace std::chrono_literals;

// ---- slow senders and readers

TEST_CASE("a header that does not come in time is refused") {
  HttpWorld world;
  add_echo(world);
  auto& peer = world.connect();
  peer.sends("GET /");
  world.advance(9s);
  peer.sends(" HTTP");
  CHECK_FALSE(peer.is_closed());
  world.advance(1s);
  const auto answer = peer.answer();
  CHECK(answer.status == 408);
  CHECK_THAT(reason_of(answer), Catch::Contains("10 seconds"));
  CHECK(peer.is_closed());
}

TEST_CASE("a body may take long as long as it comes") {
  HttpWorld world;
  add_echo(world);
  auto& peer = world.connect();
  const auto request = post("/echo", std::string(1'000'000, 'x'));
  for (std::size_t i = 0; i < request.size(); i += 65'536) {
    peer.sends(std::string_view{request}.substr(i, 65'536));
    world.advance(8s);
  }
  CHECK(peer.answer().status == 200);
  auto& slow = world.connect();
  slow.sends(request.substr(0, 1'000));
  for (int i = 0; i < 10 && !slow.is_closed(); ++i) {
    world.advance(1s);
    slow.sends(request.substr(1'000, 1'000));
  }
  CHECK(slow.answer().status == 408);
  CHECK(slow.is_closed());
}

TEST_CASE("a connection without a request is closed without a word") {
  HttpWorld world;
  add_echo(world);
  auto& silent = world.connect();
  world.advance(9s);
  CHECK_FALSE(silent.is_closed());
  world.advance(1s);
  CHECK(silent.is_closed());
  CHECK(silent.received().empty());

  auto& idle = world.connect();
  CHECK(idle.asks(get("/echo/a")).status == 200);
  world.advance(59s);
  CHECK(idle.asks(get("/echo/a")).status == 200);
  world.advance(59s);
  CHECK_FALSE(idle.is_closed());
  world.advance(1s);
  CHECK(idle.is_closed());
  CHECK(idle.received().empty());
}

TEST_CASE("a reader that takes nothing is cut after a while") {
  HttpWorld world;
  world.router().get("/large", [](Request&) { return http::json(std::string(10'000'000, 'x')); });
  auto& peer = world.connect();
  peer.reads_at_most(1'000);
  peer.sends(get("/large"));
  world.advance(29s);
  CHECK_FALSE(peer.is_closed());
  peer.reads_at_most(1'000);
  world.advance(29s);
  CHECK_FALSE(peer.end().finished());
  world.advance(2s);
  CHECK(peer.end().finished());
  peer.vanish();
  CHECK(world.memory() == 0);
}

TEST_CASE("a reader that never reads its pipelined answers makes the broker hold little") {
  HttpWorld world;
  world.router().get("/", [](Request&) { return http::json(std::string(5'000, 'x')); });
  auto& peer = world.connect();
  peer.reads_at_most(0);
  std::string flood;
  for (int i = 0; i < 20'000; ++i) flood += get_root;
  peer.sends(flood);
  CHECK(world.memory() < 500'000);
  CHECK(peer.unsent_bytes() > 500'000);
  peer.reads_at_most(std::numeric_limits<std::size_t>::max());
  for (int i = 0; i < 20'000; ++i) CHECK(peer.answer().status == 200);
}

TEST_CASE("large responses that nobody reads are bounded together") {
  HttpWorld world{{.responses_max_bytes = 10'000'000}};
  world.router().get("/large", [](Request&) { return http::json(std::string(3'000'000, 'x')); });
  world.router().get("/small", [](Request&) { return http::json("{}"); });
  for (int i = 0; i < 3; ++i) {
    auto& peer = world.connect();
    peer.reads_at_most(0);
    peer.sends(get("/large"));
  }
  auto& other = world.connect();
  CHECK(other.asks(get("/large")).status == 503);
  CHECK(other.asks(get("/small")).status == 200);
  CHECK(world.memory() < 15'000'000);
}

TEST_CASE("a reader that reads a large response gets all of it") {
  HttpWorld world;
  std::string large;
  for (int i = 0; i < 500'000; ++i) large += std::to_string(i);
  const std::string_view lasting = large;
  world.router().get("/whole", [&](Request&) { return http::json(large); });
  world.router().get("/lasting", [&](Request&) {
    Response response;
    response.lasting_body = lasting;
    return response;
  });
  auto& peer = world.connect();
  peer.sends(get("/whole") + get("/lasting") + get("/whole"));
  for (int i = 0; i < 3; ++i) CHECK(peer.answer().body == large);
}

// ---- very many

TEST_CASE("half requests by the thousand keep nobody out") {
  HttpWorld world;
  add_echo(world);
  std::vector<HttpPeer*> half;
  for (int i = 0; i < 3'000; ++i) {
    half.push_back(&world.connect());
    half.back()->sends("GET /echo/");
  }
  CHECK(world.server().connection_count() == 1'000);
  CHECK(world.connect().asks(get("/echo/served")).status == 200);
  CHECK(half[0]->answer().status == 503);
  CHECK(half[0]->is_closed());
  CHECK_FALSE(half[2'999]->is_closed());
  CHECK(half[2'999]->asks("late HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 200);
  CHECK(world.memory() < 1'000 * 6'000);
  world.advance(10s);
  CHECK(half[2'000]->is_closed());
}

TEST_CASE("a connection too many is refused when all others are served") {
  HttpWorld world{{.connection_max = 3}};
  Later later{world};
  for (int i = 0; i < 3; ++i) world.connect().sends(get("/later"));
  auto& fourth = world.connect();
  world.settle();
  CHECK(fourth.answer().status == 503);
  CHECK(fourth.is_closed());
  later.answer("done");
  world.settle();
  add_echo(world);
  CHECK(world.connect().asks(get("/echo/a")).status == 200);  // in place of the one that waits for a request
}

TEST_CASE("a flood of requests is served over several turns") {
  HttpWorld world;
  add_echo(world);
  std::string flood;
  for (int i = 0; i < 10'000; ++i) flood += get("/echo/a");
  auto& peer = world.connect();
  const auto before = world.ticks();
  peer.sends(flood);
  CHECK(world.ticks() - before > 20);
  for (int i = 0; i < 10'000; ++i) CHECK(peer.answer().status == 200);
}

TEST_CASE("bodies wait in line while memory is crowded and all are taken in the end") {
  HttpWorld world{{}, {}, {.memory_max_bytes = 4'000'000}};
  add_echo(world);
  const std::string body(900'000, 'x');
  const auto request = post("/echo", body);
  std::vector<HttpPeer*> peers;
  std::size_t most = 0;
  for (int i = 0; i < 10; ++i) {
    peers.push_back(&world.connect());
    peers.back()->sends(request.substr(0, 400'000));
    most = std::max(most, world.broker().context().memory().incoming().used());
  }
  CHECK(most < 3'000'000);
  for (auto* peer : peers) peer->sends(request.substr(400'000));
  world.advance(5s);
  for (auto* peer : peers) CHECK(peer->answer().status == 200);
}

TEST_CASE("a server that shuts down answers those who wait and ends all connections") {
  HttpWorld world;
  Later later{world};
  std::optional<Stream> stream;
  world.router().get("/stream", [&](Request&, Responder responder) { stream.emplace(responder.begin({})); });
  auto& idle = world.connect();
  auto& half = world.connect().sends("GET /");
  auto& waiting = world.connect().sends(get("/later"));
  auto& reading = world.connect().sends(get("/stream"));
  world.server().shut_down("the broker is shutting down");
  world.settle();
  CHECK(idle.received().empty());
  CHECK(half.answer().status == 503);
  const auto answer = waiting.answer();
  CHECK(answer.status == 503);
  CHECK(reason_of(answer) == "the broker is shutting down");
  for (auto* peer : {&idle, &half, &waiting, &reading}) CHECK(peer->is_closed());
  CHECK_FALSE(stream->is_open());
  CHECK(world.server().connection_count() == 0);
}

TEST_CASE("random requests in random pieces are answered in order") {
  const auto seed = GENERATE(take(5, random(0, 1'000'000)));
  INFO("seed " << seed);
  std::mt19937 random(static_cast<unsigned>(seed));
  const auto at_most = [&](std::size_t max) { return std::uniform_int_distribution<std::size_t>{0, max}(random); };
  HttpWorld world;
  add_echo(world);
  Later later{world};
  std::string requests;
  std::vector<std::string> expected;
  for (int i = 0; i < 200; ++i) {
    const std::string body(at_most(i % 20 == 0 ? 100'000 : 50), static_cast<char>('a' + i % 26));
    switch (at_most(3)) {
      case 0: requests += post("/echo", body); break;
      case 1: requests += chunked_post("/echo", {body.empty() ? "a" : body}); break;
      case 2:
        requests += post("/later", body);
        expected.push_back("later");
        continue;
      default:
        requests += get("/echo/" + std::to_string(i));
        expected.push_back("GET/echo/" + std::to_string(i) + "|");
        continue;
    }
    expected.push_back("POST/echo|" + (body.empty() && requests.ends_with("a\r\n0\r\n\r\n") ? "a" : body));
  }
  auto& peer = world.connect();
  std::size_t read = 0;
  for (std::size_t sent = 0; sent < requests.size();) {
    const auto piece = at_most(at_most(1) == 0 ? 10 : 5'000) + 1;
    peer.sends(std::string_view{requests}.substr(sent, piece));
    sent += piece;
    while (!later.waiting.empty()) {
      later.answer("later");
      world.settle();
    }
    while (!peer.received().empty()) CHECK(peer.answer().body == expected.at(read++));
  }
  CHECK(read == expected.size());
}

}  // namespace pocketmq::tests
