// A connection's requests and responses, byte by byte and in any order of events.
#include "broker/http/http_end.hpp"

#include "tests/support/http_requests.hpp"

namespace pocketmq::tests {

using namespace std::chrono_literals;

// ---- requests

TEST_CASE("an HTTP request is answered with what its handler says") {
  HttpWorld world;
  world.router().get("/", [](Request&) { return http::json(R"({"here":true})"); });
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
    return http::json("{}");
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
  world.router().get("/", [](Request&) { return http::json("0123456789"); });
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
  world.router().get("/things/{name}", [](Request&) { return http::json("{}"); });
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
  world.router().get("/", [](Request&) { return http::json("{}"); });
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

}  // namespace pocketmq::tests
