// A port that speaks AMQP, JSON and HTTP: which of them a connection does, its first bytes tell.
#include "broker/host/port_end.hpp"

#include "protocol/codec/amqp_codec.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/http_world.hpp"

namespace pocketmq::tests {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

const std::string http_request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
// A frame of the JSON encoding: the length of what follows, and a header.
std::string json_frame(const std::string& header) {
  std::string frame(3, '\0');
  frame += static_cast<char>(header.size());
  return frame + header;
}

class Port {
 public:
  Port() {
    world.router().get("/", [](http::Request& request) { return http::json("\"" + request.caller.name + "\""); });
  }
  HttpPeer& connect() {
    return world.connect(std::make_unique<broker::PortEnd>(
        world.broker(), world.server(), broker::Peer{.name = "somebody", .source = "127.0.0.1"}, world.now()));
  }
  HttpWorld world;
};

}  // namespace

TEST_CASE("the first four bytes tell HTTP from all else") {
  for (const auto begin : {"GET "sv, "PUT "sv, "HEAD"sv, "POST"sv, "DELE"sv, "OPTI"sv, "PATC"sv, "PRI "sv, "AMQX"sv})
    CHECK(broker::begins_http(begin));
  for (const auto begin :
       {"AMQP"sv, "\0\0\0\x10"sv, "\x16\x03\x01\x02"sv, "GE T"sv, "get "sv, "    "sv, "\xff\xff\xff\xff"sv, "SSH-"sv})
    CHECK_FALSE(broker::begins_http(begin));
}

TEST_CASE("each protocol is served however its first bytes come") {
  Port port;
  for (const std::size_t piece : {1U, 2U, 3U, 4U, 5U, 1'000U}) {
    auto& http = port.connect().in_pieces_of(piece);
    CHECK(http.asks(http_request).body == "\"somebody\"");
    CHECK(http.asks(http_request).status == 200);

    auto& amqp = port.connect().in_pieces_of(piece);
    amqp.sends(protocol::amqp_header);
    CHECK_THAT(std::string{amqp.received()}, Catch::StartsWith("\x01") && Catch::Contains("PocketMQ"));

    auto& json = port.connect().in_pieces_of(piece);
    json.sends(json_frame(R"({"method":"queue.declare","queue":"q"})"));
    CHECK_THAT(std::string{json.received()}, Catch::Contains("queue.declare-ok"));

    auto& garbage = port.connect().in_pieces_of(piece);
    garbage.sends("SSH-2.0-nobody\r\n");
    CHECK(garbage.received() == protocol::amqp_header);
    CHECK(garbage.is_closed());
  }
  CHECK(port.world.server().connection_count() == 6);
}

TEST_CASE("requests that come together with the first bytes are all answered") {
  Port port;
  auto& peer = port.connect();
  std::string requests;
  for (int i = 0; i < 500; ++i) requests += http_request;
  peer.sends(requests);
  for (int i = 0; i < 500; ++i) CHECK(peer.answer().status == 200);
}

TEST_CASE("one who says too little to be known is closed as on a port without HTTP") {
  Port port;
  auto& silent = port.connect();
  auto& brief = port.connect().sends("GE");
  port.world.advance(9s);
  CHECK_FALSE(silent.is_closed());
  port.world.advance(1s);
  for (auto* peer : {&silent, &brief}) {
    CHECK(peer->is_closed());
    CHECK(peer->received().empty());
  }
  CHECK(port.world.memory() == 0);
}

TEST_CASE("all connections of a port end when the broker shuts down") {
  Port port;
  auto& unknown = port.connect().sends("P");
  auto& http = port.connect();
  CHECK(http.asks(http_request).status == 200);
  port.world.broker().shut_down("bye");
  port.world.server().shut_down("bye");
  port.world.settle();
  CHECK(unknown.is_closed());
  CHECK(http.is_closed());
}

}  // namespace pocketmq::tests
