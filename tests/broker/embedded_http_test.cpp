// HTTP on the port of an embedded broker.
#include "broker/embedded_http.hpp"

#include "broker/inspect.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/socket_client.hpp"

namespace pocketmq::tests {
namespace {

// All that an HTTP client of the port receives until the connection ends.
std::string ask(const broker::Embedded& embedded, const std::string& path) {
  SocketClient client{embedded.port(), Encoding::json};
  client.sends_bytes("GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                     "Authorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n\r\n");
  std::string all;
  for (auto some = client.receives_bytes(); !some.empty(); some = client.receives_bytes()) all += some;
  return all;
}

}  // namespace

TEST_CASE("an embedded broker answers HTTP on its own port") {
  broker::Embedded embedded{{}, nullptr, {.http = broker::with_http()}};
  SocketClient alice{embedded.port(), Encoding::amqp};
  alice.shakes_hands();
  alice.sends(protocol::queue::Declare{.queue = "orders"}).receives<protocol::queue::DeclareOk>();
  CHECK_THAT(ask(embedded, "/state"), Catch::Contains("200 OK") && Catch::Contains("\"name\":\"orders\""));
  CHECK_THAT(ask(embedded, "/journal"),
             Catch::Contains("\"kind\":\"vhost.created\"")
                 && Catch::Contains("\"kind\":\"queue.declared\",\"vhost\":\"/\",\"queue\":\"orders\""));
}

TEST_CASE("an embedded broker without HTTP answers it as RabbitMQ does") {
  broker::Embedded embedded;
  CHECK_THAT(ask(embedded, "/state"), Catch::StartsWith("AMQP"));
  CHECK_FALSE(embedded.inspect([](broker::Broker& broker) { return broker.journal().keeps_events(); }));
}

TEST_CASE("an embedded broker ends while an HTTP client follows its journal") {
  std::optional<broker::Embedded> embedded{std::in_place, broker::Options{}, nullptr,
                                           broker::ListenOn{.http = broker::with_http()}};
  SocketClient client{embedded->port(), Encoding::json};
  client.sends_bytes(
      "GET /journal?follow=true HTTP/1.1\r\nHost: localhost\r\n"
      "Authorization: Basic Z3Vlc3Q6Z3Vlc3Q=\r\n\r\n");
  CHECK_THAT(client.receives_bytes(), Catch::StartsWith("HTTP/1.1 200 OK"));
  embedded.reset();
  std::string rest;
  for (auto some = client.receives_bytes(); !some.empty(); some = client.receives_bytes()) rest += some;
  CHECK_FALSE(Catch::EndsWith("\r\n0\r\n\r\n").match(rest));  // it breaks off, so that the reader notices
}

}  // namespace pocketmq::tests
