// Up to four HTTP clients do to one server whatever the input says. Each connection ends or is answered, a fresh one is
// served afterwards, and all memory is given back.
//
// The input is a tape of steps, `what | who << 6`: bytes, pieces of requests, time that passes, reading that stops,
// a client that vanishes, a late answer.
#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "broker/host/port_end.hpp"
#include "broker/http/basic_auth.hpp"
#include "broker/http/event_stream.hpp"
#include "tests/support/http_world.hpp"

namespace pocketmq::tests {
namespace {

using http::json;
using http::Request;
using http::Responder;
using http::Response;
using namespace std::chrono_literals;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

/// Small, so that short inputs reach the bounds.
constexpr http::HttpLimits small{.header_max_bytes = 1'024,
                                 .header_fields_max = 12,
                                 .body_max_bytes = 4'096,
                                 .connection_max = 3,
                                 .output_bytes = 2'048,
                                 .stream_behind_max_bytes = 4'096,
                                 .responses_max_bytes = 8'192,
                                 .small_bytes = 1'024};

class Tape {
 public:
  Tape(const std::uint8_t* data, std::size_t size) : left_{reinterpret_cast<const char*>(data), size} {}
  [[nodiscard]] bool is_empty() const { return left_.empty(); }
  unsigned char next() {
    if (left_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(left_.front());
    left_.remove_prefix(1);
    return byte;
  }
  std::string_view next_bytes() {
    const auto bytes = left_.substr(0, next());
    const auto taken = left_.substr(0, bytes.size());
    left_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view left_;
};

constexpr std::array<std::string_view, 24> pieces{
    "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /later HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "GET /lines HTTP/1.1\r\nHost: localhost\r\nLast-Event-ID: 3\r\n\r\n",
    "POST /echo HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n",
    "Content-Length: 5\r\n\r\n",
    "Transfer-Encoding: chunked\r\n\r\n",
    "5\r\nabcde\r\n",
    "0\r\n\r\n",
    "0;a=b\r\nTrailer: x\r\n\r\n",
    "abcde",
    "HEAD ",
    "DELETE ",
    "/a%2Fb/c?d=e+f&g",
    " HTTP/1.0\r\n",
    " HTTP/1.1\r\n",
    "Host: [::1]:5672\r\n",
    "Origin: http://localhost\r\n",
    "Expect: 100-continue\r\n",
    "Connection: close\r\n",
    "Authorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n",
    "Content-Length: 4000\r\n\r\n",
    "\r\n",
    "large",
    "x: y\r\n x\r\n",
};

class Story {
 public:
  Story() : world_{small, {"broker.example"}, {.memory_max_bytes = 200'000}} {
    auto& router = world_.router();
    router.get("/", [](Request&) { return json("{}"); });
    router.get("/large", [](Request&) { return json(std::string(5'000, 'x')); });
    router.get("/later", [this](Request&, Responder responder) { later_.push_back(std::move(responder)); });
    router.get("/lines", [](Request& request, Responder responder) {
      auto stream = std::make_shared<http::Stream>(responder.begin(http::event_stream()));
      stream->on_room([stream, n = http::last_event_id(request).value_or(0) % 1'000]() mutable {
        for (; n < 1'000 && stream->room() > 0; ++n) stream->write(http::text_of({.id = "1", .data = "x"}));
        if (n >= 1'000) stream->end();
      });
    });
    router.post("/echo", [](Request& request) { return json(std::move(request.body)); });
    router.get("/{a}/{b}", [](Request& request) { return json(request.parameter("a") + request.parameter("b")); });
    router.remove("/{all...}", [](Request&) -> Response { throw http::HttpError{409, "no"}; });
    router.guard("/large", http::basic_auth("fuzz", [](const auto& given, Request&) -> std::optional<Response> {
                   if (given.user == "guest") return std::nullopt;
                   return http::unauthorized("fuzz", "no");
                 }));
  }

  void play(Tape tape) {
    while (!tape.is_empty()) {
      const auto step = tape.next();
      auto& peer = who(step >> 6U);
      switch (step & 7U) {
        case 0: peer->sends(tape.next_bytes()); break;
        case 1:
        case 2: peer->sends(pieces.at(tape.next() % pieces.size())); break;
        case 3: world_.advance(std::chrono::milliseconds{100 * tape.next()}); break;
        case 4: peer->reads_at_most(tape.next() * 16U); break;
        case 5: peer->vanish(); break;
        case 6: answer_later(tape.next()); break;
        default: peer->in_pieces_of(1U + tape.next()); break;
      }
      require(world_.memory() < 400'000, "memory is bounded");
    }
    finish();
  }

 private:
  // Connects anew who has gone; one of the four begins where all protocols are spoken.
  HttpPeer*& who(unsigned number) {
    auto& peer = peers_.at(number);
    if (peer == nullptr || peer->is_closed())
      peer = number == 3 ? &world_.connect(std::make_unique<broker::PortEnd>(
                 world_.broker(), world_.server(), broker::Peer{.name = "fuzz"}, world_.now()))
                         : &world_.connect();
    return peer;
  }

  void answer_later(unsigned size) {
    if (later_.empty()) return;
    auto first = std::move(later_.front());
    later_.erase(later_.begin());
    if (size != 0) first.send(json(std::string(size, 'x')));
  }

  void finish() {
    for (auto* peer : peers_)
      if (peer != nullptr) peer->vanish();
    later_.clear();
    require(world_.connect().asks("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").status == 200,
            "another client is served");
    require(world_.server().connection_count() == 0, "all connections have ended");
    require(world_.memory() == 0, "all memory is given back");
  }

  std::vector<Responder> later_;
  HttpWorld world_;
  std::array<HttpPeer*, 4> peers_{};
};

}  // namespace
}  // namespace pocketmq::tests

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  pocketmq::tests::Story{}.play({data, size});
  return 0;
}
