// A connection's requests and responses, byte by byte and in any order of events.
#include "broker/http/http_end.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <random>

#include "tests/support/catch.hpp"
#include "tests/support/http_world.hpp"

namespace pocketmq::tests {
namespace {

using http::json;
using http::Request;
using http::Responder;
using http::Response;
using http::Stream;
using namespace std::chrono_literals;

const std::string get_root = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

std::string post(const std::string& path, const std::string& body, const std::string& more = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
         + std::to_string(body.size()) + "\r\n" + more + "\r\n" + body;
}

std::string chunked_post(const std::string& path, const std::vector<std::string>& chunks,
                         const std::string& trailers = "") {
  std::string text = "POST " + path
                     + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n";
  std::array<char, 16> size{};
  for (const auto& chunk : chunks) {
    const auto [end, fault] = std::to_chars(size.data(), size.data() + size.size(), chunk.size(), 16);
    text += std::string{size.data(), end} + "\r\n" + chunk + "\r\n";
  }
  return text + "0\r\n" + trailers + "\r\n";
}

// One who answers with what was asked: "POST /echo/a b|page=1|body".
void add_echo(HttpWorld& world) {
  const auto echo = [](Request& request) {
    std::string text = request.method_name;
    for (const auto& segment : request.path) text += "/" + segment;
    for (const auto& [name, value] : request.query) text.append("|").append(name).append("=").append(value);
    return json(text + "|" + request.body);
  };
  world.router().get("/echo/{what...}", echo);
  world.router().post("/echo", echo);
}

// One whose requests are answered when a test wants it.
class Later {
 public:
  explicit Later(HttpWorld& world) {
    world.router().get("/later", [this](Request&, Responder responder) { waiting.push_back(std::move(responder)); });
    world.router().post("/later", [this](Request&, Responder responder) { waiting.push_back(std::move(responder)); });
  }
  void answer(std::string text) {
    auto first = std::move(waiting.front());
    waiting.erase(waiting.begin());
    first.send(json(std::move(text)));
  }
  std::vector<Responder> waiting;
};

// One that sends lines on and on, as far as its reader reads.
class Lines {
 public:
  Lines(HttpWorld& world, std::size_t count) {
    world.router().get("/lines", [this, count](Request&, Responder responder) {
      auto stream = std::make_shared<Stream>(responder.begin({.content_type = "application/x-ndjson"}));
      stream->on_room([this, stream, count, next = std::size_t{0}]() mutable {
        while (next < count && stream->room() > 0) {
          stream->write(line(next++));
          ++written;
        }
        if (next == count) stream->end();
      });
    });
  }
  static std::string line(std::size_t i) { return "{\"n\":" + std::to_string(1'000'000 + i) + "}\n"; }
  std::size_t written{0};
};

std::string reason_of(const HttpAnswer& answer) {
  const auto parsed = nlohmann::json::parse(answer.body);
  CHECK(parsed.at("error").get<std::string>() != "");
  return parsed.at("reason").get<std::string>();
}

}  // namespace

// ---- requests

TEST_CASE("an HTTP request is answered with what its handler says") {
  HttpWorld world;
  world.router().get("/", [](Request&) { return json(R"({"here":true})"); });
  const auto answer = world.connect().asks(get_root);
  CHECK(answer.status == 200);
  CHECK(answer.body == R"({"here":true})");
  CHECK(answer.header("Content-Type") == "application/json");
  CHECK(answer.header("Content-Length") == "13");
  CHECK(answer.header("Cache-Control") == "no-cache");
  CHECK(answer.header("X-Content-Type-Options") == "nosniff");
  CHECK(answer.header("Connection") == "");
}

TEST_CASE("a request may come in two pieces that are cut anywhere") {
  const auto requests = GENERATE(values<std::string>(
      {post("/echo", R"({"a":1})"), chunked_post("/echo", {"{\"a\"", ":", "1}"}),
       chunked_post("/echo", {R"({"a":1})"}, "Checksum: none\r\n"), get("/echo/a%20b?page=1&name=%2F+x")}));
  HttpWorld world;
  add_echo(world);
  const auto whole = world.connect().asks(requests).body;
  CHECK_THAT(whole, Catch::StartsWith("GET/echo/a b|page=1|name=/ x") || Catch::Equals(R"(POST/echo|{"a":1})"));
  for (std::size_t cut = 1; cut < requests.size(); ++cut) {
    auto& peer = world.connect();
    peer.sends(requests.substr(0, cut));
    CHECK(peer.received().empty());
    CHECK(peer.asks(requests.substr(cut)).body == whole);
    peer.vanish();
  }
}

TEST_CASE("requests that are sent ahead are answered in their order whatever the pieces are") {
  HttpWorld world;
  add_echo(world);
  const std::size_t piece = GENERATE(1U, 2U, 3U, 7U, 64U, 1'000U, 100'000U);
  auto& peer = world.connect().in_pieces_of(piece);
  std::string requests;
  for (int i = 0; i < 20; ++i) {
    const auto number = std::to_string(i);
    requests += get("/echo/" + number) + post("/echo", number) + chunked_post("/echo", {number, number});
  }
  peer.sends(requests);
  for (int i = 0; i < 20; ++i) {
    const auto number = std::to_string(i);
    CHECK(peer.answer().body == "GET/echo/" + number + "|");
    CHECK(peer.answer().body == "POST/echo|" + number);
    CHECK(peer.answer().body == "POST/echo|" + number + number);
  }
  CHECK(peer.received().empty());
  CHECK_FALSE(peer.is_closed());
}

TEST_CASE("a name with a slash in it is one part of the path") {
  HttpWorld world;
  std::string vhost, queue;
  world.router().get("/api/queues/{vhost}/{name}", [&](Request& request) {
    vhost = request.parameter("vhost");
    queue = request.parameter("name");
    return json("{}");
  });
  auto& peer = world.connect();
  CHECK(peer.asks(get("/api/queues/%2F/a%2Fb%20c%C3%A4")).status == 200);
  CHECK(vhost == "/");
  CHECK(queue == "a/b c\u00e4");
  CHECK(peer.asks(get("/api/queues/%2f/q/")).status == 200);  // a trailing slash
  CHECK(queue == "q");
  CHECK(peer.asks(get("http://localhost/api/queues/v/absolute")).status == 200);
  CHECK(queue == "absolute");
  CHECK(peer.asks(get("api")).status == 400);
  CHECK(peer.asks(get("/api/queues/%2/q")).status == 400);
  CHECK(peer.asks(get("/api/queues/v/q?a=%zz")).status == 400);
}

TEST_CASE("a HEAD has the head of a GET and no body") {
  HttpWorld world;
  world.router().get("/", [](Request&) { return json("0123456789"); });
  const Lines lines{world, 10};
  auto& peer = world.connect();
  const auto answer = peer.asks("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(answer.status == 200);
  CHECK(answer.header("Content-Length") == "10");
  CHECK(peer.received().empty());
  CHECK(peer.asks("HEAD /lines HTTP/1.1\r\nHost: localhost\r\n\r\n").header("Transfer-Encoding") == "chunked");
  CHECK(peer.received().empty());
  CHECK(lines.written == 0);
  CHECK(peer.asks("HEAD /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 404);
  CHECK(peer.asks(get_root).body == "0123456789");
}

TEST_CASE("OPTIONS and a wrong method tell which methods there are") {
  HttpWorld world;
  world.router().get("/things/{name}", [](Request&) { return json("{}"); });
  world.router().remove("/things/{name}", [](Request&) { return http::no_content(); });
  auto& peer = world.connect();
  const auto options = peer.asks("OPTIONS /things/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(options.status == 204);
  CHECK(options.header("Allow") == "GET, HEAD, DELETE, OPTIONS");
  CHECK(options.header("Access-Control-Allow-Origin") == "");
  CHECK(peer.asks("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 204);
  for (const std::string method : {"PUT", "BREW", "TRACE"}) {
    const auto refused = peer.asks(method + " /things/a HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(refused.status == 405);
    CHECK(refused.header("Allow") == "GET, HEAD, DELETE, OPTIONS");
    CHECK_THAT(reason_of(refused), Catch::Contains(method) && Catch::Contains("GET"));
  }
  CHECK(peer.asks("DELETE /things/a HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 204);
}

TEST_CASE("a client that waits for leave to send its body gets it") {
  HttpWorld world;
  add_echo(world);
  auto& peer = world.connect();
  peer.sends(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Content-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  CHECK(peer.answer().status == 100);
  CHECK(peer.asks("{}").body == "POST/echo|{}");
  // One that sent it already is not told.
  CHECK(peer.asks(post("/echo", "{}", "Expect: 100-continue\r\n")).status == 200);
}

TEST_CASE("a client that waits for leave and would be refused is refused before it has sent its body") {
  HttpWorld world;
  add_echo(world);
  const auto refused = [&](const std::string& path, const std::string& header) {
    auto& peer = world.connect();
    const auto answer =
        peer.asks("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n" + header + "\r\n");
    CHECK(peer.is_closed());
    CHECK(answer.header("Connection") == "close");
    return answer.status;
  };
  CHECK(refused("/nowhere", "Content-Length: 5\r\n") == 404);
  CHECK(refused("/echo", "Content-Length: 5\r\nContent-Type: text/plain\r\n") == 415);
  CHECK(refused("/echo", "Content-Length: 16777217\r\nContent-Type: application/json\r\n") == 413);
}

TEST_CASE("HTTP 1.0 is answered and closed unless it asks to be kept") {
  HttpWorld world;
  world.router().get("/", [](Request&) { return json("{}"); });
  const Lines lines{world, 3};
  auto& peer = world.connect();
  auto answer = peer.asks("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK_THAT(answer.head, Catch::StartsWith("HTTP/1.0 200 OK"));
  CHECK(answer.header("Connection") == "keep-alive");
  CHECK(peer.asks("GET / HTTP/1.0\r\n\r\n").body == "{}");
  CHECK(peer.is_closed());

  auto& reader = world.connect();
  answer = reader.asks("GET /lines HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");  // its length is not known
  CHECK(answer.header("Transfer-Encoding") == "");
  CHECK(answer.body == Lines::line(0) + Lines::line(1) + Lines::line(2));
  CHECK(reader.is_closed());
}

TEST_CASE("a client that asks for it is closed after its answer") {
  HttpWorld world;
  add_echo(world);
  auto& peer = world.connect();
  peer.sends(get("/echo/a", "Connection: close\r\n") + get("/echo/never"));
  const auto answer = peer.answer();
  CHECK(answer.body == "GET/echo/a|");
  CHECK(answer.header("Connection") == "close");
  CHECK(peer.received().empty());
  CHECK(peer.is_closed());
}

TEST_CASE("empty lines before a request are passed over") {
  HttpWorld world;
  add_echo(world);
  auto& peer = world.connect();
  CHECK(peer.asks("\r\n\r\n" + get("/echo/a")).status == 200);
  peer.sends("\r\n");
  CHECK(peer.asks(get("/echo/b") + "\r\n\r\n").status == 200);
  CHECK_FALSE(peer.is_closed());
}

// ---- bad input

TEST_CASE("what is no request is refused with a sentence and the connection ends") {
  struct Wrong {
    std::string bytes;
    unsigned status;
    std::string says;
  };
  const std::string host = "Host: localhost\r\n";
  const std::string json_to_echo = "POST /echo HTTP/1.1\r\nContent-Type: application/json\r\n" + host;
  const auto wrong = GENERATE_COPY(values<Wrong>({
      {"HELO there\r\n\r\n", 400, "GET /api/overview HTTP/1.1"},
      {"GET / HTTP/1.1\nHost: localhost\n\n", 505, "HTTP/1.1"},
      {"GET / HTTP/2.0\r\n\r\n", 505, "HTTP/1.1"},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505, "HTTP/1.1"},
      {"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400, "Name: value"},
      {"GET / HTTP/1.1\r\n" + host + "bad name: x\r\n\r\n", 400, "Name: value"},
      {json_to_echo + "Content-Length: x\r\n\r\n", 400, "Content-Length"},
      {json_to_echo + "Content-Length: -1\r\n\r\n", 400, "Content-Length"},
      {json_to_echo + "Content-Length: 3\r\nContent-Length: 4\r\n\r\n", 400, "Content-Length"},
      {json_to_echo + "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n", 400, "Content-Length"},
      {json_to_echo + "Transfer-Encoding: gzip\r\n\r\n", 501, "chunked"},
      {json_to_echo + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501, "chunked"},
      {"POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400, "Content-Length"},
      {json_to_echo + "Transfer-Encoding: chunked\r\n\r\nz\r\n", 400, "hexadecimal"},
      {json_to_echo + "Transfer-Encoding: chunked\r\n\r\n1\r\nab\r\n", 400, "hexadecimal"},
      {json_to_echo + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n", 413, "16777216 bytes"},
      {json_to_echo + "Content-Length: 16777217\r\n\r\n", 413, "16777216 bytes"},
      {json_to_echo + "Content-Length: 99999999999999999999\r\n\r\n", 400, "Content-Length"},
      {"GET / HTTP/1.1\r\n" + host + "a: " + std::string(16'384, 'a') + "\r\n\r\n", 431, "16384 bytes"},
      {"GET /" + std::string(17'000, 'a') + " HTTP/1.1\r\n", 431, "16384 bytes"},
  }));
  HttpWorld world;
  add_echo(world);
  INFO(wrong.bytes.substr(0, 200));
  for (const std::size_t piece : {1U, 1'000'000U}) {
    auto& peer = world.connect().in_pieces_of(piece);
    const auto answer = peer.asks(wrong.bytes + get("/echo/never"));
    CHECK(answer.status == wrong.status);
    CHECK_THAT(reason_of(answer), Catch::Contains(wrong.says));
    CHECK(answer.header("Connection") == "close");
    CHECK(peer.is_closed());
    CHECK(peer.received().empty());
  }
}

TEST_CASE("header fields are bounded in bytes and in number however they come") {
  HttpWorld world;
  add_echo(world);
  std::string fields;
  for (int i = 0; i < 99; ++i) fields += "a: b\r\n";
  CHECK(world.connect().asks(get("/echo/x", fields)).status == 200);
  CHECK(world.connect().asks(get("/echo/x", fields + "a: b\r\n")).status == 431);
  auto& endless = world.connect().in_pieces_of(100);
  const auto before = world.memory();
  endless.sends("GET / HTTP/1.1\r\n");
  for (int i = 0; i < 10'000 && !endless.is_closed(); ++i) endless.sends("name: value\r\n");
  CHECK(endless.answer().status == 431);
  CHECK(world.memory() <= before);
}

TEST_CASE("what lies between chunks is bounded") {
  HttpWorld world;
  add_echo(world);
  const auto begin = chunked_post("/echo", {"{}"});
  auto& peer = world.connect();
  peer.sends(begin.substr(0, begin.size() - 5) + "1;");
  for (int i = 0; i < 100 && !peer.is_closed(); ++i) peer.sends(std::string(1'000, 'x'));
  CHECK(peer.answer().status == 431);
  auto& trailing = world.connect();
  trailing.sends(begin.substr(0, begin.size() - 2));
  for (int i = 0; i < 2'000 && !trailing.is_closed(); ++i) trailing.sends("trailer: field\r\n");
  CHECK(trailing.answer().status == 431);
}

TEST_CASE("a short body of a refused request is read so that the connection goes on") {
  HttpWorld world;
  add_echo(world);
  auto& peer = world.connect();
  CHECK(peer.asks(post("/nowhere", "{}")).status == 404);
  CHECK(peer.asks("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\na=b").status == 415);
  CHECK(peer.asks(post("/echo", "{}", "Expect: much\r\n")).status == 417);
  CHECK(peer.is_closed());  // one that expects something may not send its body
  auto& large = world.connect();
  CHECK(large.asks(post("/nowhere", std::string(100'000, 'x'))).status == 404);
  CHECK(large.is_closed());
}

TEST_CASE("a body of the largest size is taken and its memory given back") {
  HttpWorld world;
  std::size_t size = 0;
  world.router().post("/size", [&](Request& request) {
    size = request.body.size();
    return http::no_content();
  });
  const auto before = world.memory();
  CHECK(world.connect().asks(post("/size", std::string(16'777'216, 'x'))).status == 204);
  CHECK(size == 16'777'216);
  CHECK(world.connect().asks(chunked_post("/size", std::vector(1'024, std::string(16'384, 'x')))).status == 204);
  CHECK(size == 16'777'216);
  CHECK(world.memory() < before + 20'000);
  auto& too_long = world.connect();
  CHECK(too_long.asks(chunked_post("/size", std::vector(1'025, std::string(16'384, 'x')))).status == 413);
}

TEST_CASE("a body is charged as it comes and not as it is announced") {
  HttpWorld world;
  add_echo(world);
  auto& peer = world.connect();
  peer.sends(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 16000000\r\n\r\n");
  CHECK(world.memory() < 20'000);
  peer.sends(std::string(1'000'000, 'x'));
  CHECK(world.broker().context().memory().incoming().used() >= 1'000'000);
  CHECK(world.memory() < 3'000'000);
  peer.vanish();
  CHECK(world.memory() == 0);
}

TEST_CASE("a handler's mistake is a 500 and the connection goes on") {
  HttpWorld world;
  world.router().get("/throws", [](Request&) -> Response { throw std::runtime_error{"out of paper"}; });
  world.router().get("/forgets", [](Request&, Responder) {});
  world.router().get("/refuses", [](Request&) -> Response { throw http::HttpError{409, "there is one already"}; });
  auto& peer = world.connect();
  const auto mistake = peer.asks(get("/throws"));
  CHECK(mistake.status == 500);
  CHECK_THAT(reason_of(mistake), Catch::Contains("out of paper"));
  CHECK(peer.asks(get("/forgets")).status == 500);
  const auto refused = peer.asks(get("/refuses"));
  CHECK(refused.status == 409);
  CHECK(reason_of(refused) == "there is one already");
  CHECK(refused.body == R"({"error":"conflict","reason":"there is one already"})");
}

TEST_CASE("a header's value cannot smuggle another header") {
  HttpWorld world;
  world.router().put("/things/{name}", [](Request& request) {
    Response created{{.status = 201, .headers = {{"Location", "/things/" + request.parameter("name")}}}, {}, {}};
    return created;
  });
  auto& peer = world.connect();
  const auto answer = peer.asks("PUT /things/a%0D%0AX-Evil:%20yes HTTP/1.1\r\nHost: localhost\r\n\r\n");
  CHECK(answer.status == 201);
  CHECK(answer.header("X-Evil") == "");
  CHECK(answer.header("Location") == "/things/a  X-Evil: yes");
}

// ---- answers that come later

TEST_CASE("an answer may come later and what was sent ahead waits for it") {
  HttpWorld world;
  add_echo(world);
  Later later{world};
  auto& peer = world.connect();
  peer.sends(get("/later") + get("/echo/next"));
  CHECK(peer.received().empty());
  world.advance(1h);  // it may take as long as it likes
  REQUIRE(later.waiting.size() == 1);
  CHECK(later.waiting[0].is_open());
  later.answer("at last");
  world.settle();
  CHECK(peer.answer().body == "at last");
  CHECK(peer.answer().body == "GET/echo/next|");
}

TEST_CASE("while an answer is due nothing more is read") {
  HttpWorld world;
  Later later{world};
  auto& peer = world.connect();
  std::string flood;
  for (int i = 0; i < 100'000; ++i) flood += get_root;
  peer.sends(get("/later"));
  peer.sends(flood);
  CHECK(peer.unsent_bytes() == flood.size());
  CHECK(world.memory() < 200'000);
}

TEST_CASE("an answer to a connection that has gone is ignored") {
  HttpWorld world;
  Later later{world};
  auto& peer = world.connect();
  peer.sends(get("/later"));
  int told = 0;
  later.waiting[0].on_gone([&] {
    ++told;
    later.waiting.clear();  // what a handler does that gives up
  });
  peer.vanish();
  CHECK(told == 1);
  CHECK(later.waiting.empty());

  auto& other = world.connect();
  other.sends(get("/later"));
  other.vanish();
  CHECK_FALSE(later.waiting[0].is_open());
  later.answer("too late");
  world.settle();
  CHECK(world.memory() == 0);
}

TEST_CASE("a responder that goes without an answer answers 500") {
  HttpWorld world;
  Later later{world};
  auto& peer = world.connect();
  peer.sends(get("/later"));
  later.waiting.clear();
  world.settle();
  CHECK(peer.answer().status == 500);
}

// ---- streams

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
  world.router().get("/large", [](Request&) { return json(std::string(10'000'000, 'x')); });
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
  world.router().get("/", [](Request&) { return json(std::string(5'000, 'x')); });
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
  world.router().get("/large", [](Request&) { return json(std::string(3'000'000, 'x')); });
  world.router().get("/small", [](Request&) { return json("{}"); });
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
  world.router().get("/whole", [&](Request&) { return json(large); });
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
