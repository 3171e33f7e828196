// Responses that are streams: they go on as their reader reads, and end when it has gone or does not read.
#include <algorithm>

#include "broker/http/http_end.hpp"
#include "tests/support/http_requests.hpp"

namespace pocketmq::tests {

using namespace std::chrono_literals;

TEST_CASE("a stream of any length is sent as its reader reads") {
  HttpWorld world;
  Lines lines{world, 200'000};
  auto& peer = world.connect();
  peer.reads_at_most(0);
  peer.sends(get("/lines"));
  CHECK(lines.written < 10'000);  // 64 KiB are made ready
  CHECK(world.memory() < 400'000);
  peer.reads_at_most(1'000'000);
  CHECK(lines.written > 20'000);
  CHECK(lines.written < 100'000);
  peer.reads_at_most(std::numeric_limits<std::size_t>::max());
  CHECK(lines.written == 200'000);
  std::string expected;
  for (std::size_t i = 0; i < 200'000; ++i) expected += Lines::line(i);
  CHECK(peer.answer().body == expected);
  add_echo(world);
  CHECK(peer.asks(get("/echo/again")).status == 200);
}

TEST_CASE("a stream that has nothing to write goes on when it is asked for") {
  HttpWorld world;
  std::shared_ptr<Stream> stream;
  std::string news;
  int calls = 0;
  world.router().get("/news", [&](Request&, Responder responder) {
    stream = std::make_shared<Stream>(responder.begin({.content_type = "text/plain"}));
    stream->on_room([&] {
      ++calls;
      stream->write(std::exchange(news, ""));
    });
  });
  auto& peer = world.connect();
  peer.sends(get("/news"));
  CHECK(calls == 1);
  world.advance(1h);
  CHECK(calls == 1);
  news = "rain";
  stream->ask_for_room();
  world.settle();
  CHECK_THAT(std::string{peer.received()}, Catch::EndsWith("4\r\nrain\r\n"));
  stream->end();
  world.settle();
  CHECK(peer.answer().body == "rain");
}

TEST_CASE("a stream that asks for room while its output is full waits until its reader has taken some") {
  HttpWorld world;
  std::shared_ptr<Stream> stream;
  int calls = 0;
  world.router().get("/full", [&](Request&, Responder responder) {
    stream = std::make_shared<Stream>(responder.begin({.content_type = "text/plain"}));
    stream->on_room([&] {
      ++calls;
      stream->write(std::string(stream->room(), 'x'));
    });
  });
  auto& peer = world.connect();
  peer.reads_at_most(0);
  peer.sends("GET /full HTTP/1.0\r\n\r\n");  // the response has no chunks, so that it fills the output exactly
  CHECK(peer.end().output().size() == http::HttpLimits{}.output_bytes);
  CHECK(calls == 1);
  stream->ask_for_room();
  world.broker().tick(world.now());
  REQUIRE(world.broker().deadline() > world.now());  // it does not take one slice after the other meanwhile
  CHECK(calls == 1);
  peer.reads_at_most(40'000);
  CHECK(calls == 2);
  stream->end();
}

TEST_CASE("who may not come in is told before the body is read") {
  HttpWorld world;
  add_echo(world);
  world.router().guard("/echo", [](Request&) { return http::error(401, "not you"); });
  auto& peer = world.connect();
  CHECK(peer.asks("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 16000000\r\n\r\n").status == 401);
  CHECK(peer.is_closed());
}

TEST_CASE("a stream that is not ended cuts its connection") {
  HttpWorld world;
  std::optional<Stream> stream;
  world.router().get("/stream", [&](Request&, Responder responder) {
    stream.emplace(responder.begin({.content_type = "text/plain"}));
  });
  auto& peer = world.connect();
  peer.sends(get("/stream"));
  stream->write("half");
  world.settle();
  CHECK_THAT(std::string{peer.received()}, Catch::EndsWith("4\r\nhalf\r\n"));
  stream.reset();
  world.settle();
  CHECK(peer.is_closed());
  CHECK_THAT(std::string{peer.received()}, Catch::EndsWith("4\r\nhalf\r\n"));  // and no last chunk
}

TEST_CASE("a stream whose handler throws is cut") {
  HttpWorld world;
  world.router().get("/stream", [&](Request&, Responder responder) {
    auto stream = std::make_shared<Stream>(responder.begin({}));
    stream->on_room([stream] { throw std::runtime_error{"no more"}; });
  });
  auto& peer = world.connect();
  peer.sends(get("/stream"));
  CHECK(peer.is_closed());
}

TEST_CASE("a stream hears once that its reader has gone") {
  HttpWorld world;
  std::optional<Stream> stream;
  int told = 0;
  world.router().get("/stream", [&](Request&, Responder responder) {
    stream.emplace(responder.begin({}));
    stream->on_gone([&] {
      ++told;
      stream.reset();
    });
  });
  auto& peer = world.connect();
  peer.sends(get("/stream"));
  peer.vanish();
  CHECK(told == 1);
  CHECK_FALSE(stream);
}

TEST_CASE("who writes to a reader that does not read has it cut at a bound") {
  HttpWorld world;
  std::optional<Stream> stream;
  bool has_gone = false;
  world.router().get("/stream", [&](Request&, Responder responder) {
    stream.emplace(responder.begin({}));
    stream->on_gone([&] { has_gone = true; });
  });
  auto& peer = world.connect();
  peer.reads_at_most(200);
  peer.sends(get("/stream"));
  std::size_t most = 0;
  int writes = 0;
  for (; stream->is_open() && writes < 10'000; ++writes) {
    stream->write(std::string(1'000, 'x'));
    most = std::max(most, world.memory());
    if (writes % 100 == 0) world.settle();
  }
  CHECK(writes > 1'000);
  CHECK(writes < 1'200);
  CHECK(most < 3'000'000);
  CHECK(has_gone);
  world.settle();
  CHECK(peer.is_closed());
  CHECK(world.memory() == 0);
}

TEST_CASE("an event stream on which nothing happens gets a comment now and then") {
  HttpWorld world;
  std::optional<Stream> stream;
  world.router().get("/events", [&](Request&, Responder responder) {
    stream.emplace(responder.begin({.content_type = "text/event-stream", .idle_text = ":\n\n"}));
  });
  auto& peer = world.connect();
  peer.sends(get("/events"));
  world.advance(14s);
  CHECK_THAT(std::string{peer.received()}, !Catch::Contains(":\n\n"));
  world.advance(1s);
  CHECK_THAT(std::string{peer.received()}, Catch::EndsWith("3\r\n:\n\n\r\n"));
  stream->write("data: x\n\n");
  world.advance(14s);
  CHECK_THAT(std::string{peer.received()}, Catch::EndsWith("data: x\n\n\r\n"));
  world.advance(10h);
  CHECK_FALSE(peer.is_closed());
  stream->end();
  world.settle();
  CHECK_THAT(peer.answer().body, Catch::StartsWith(":\n\ndata: x\n\n:\n\n"));
}

}  // namespace pocketmq::tests
