// A listener in an event loop of its own: its address, whom it accepts, and how it stops.
#include "broker/host/listener.hpp"

#include <system_error>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/support/socket_client.hpp"

namespace pocketmq::tests {
namespace {

namespace connection = protocol::connection;
namespace queue = protocol::queue;
using asio::ip::tcp;
using namespace std::chrono_literals;

const tcp::endpoint any_loopback_port{asio::ip::address_v4::loopback(), 0};

// A listener that runs on a thread of its own until it is stopped.
class Running {
 public:
  explicit Running(const tcp::endpoint& address, broker::Observer* observer = nullptr)
      : broker_{{}, observer}, listener_{context_, broker_, address} {}
  ~Running() { stop(); }

  void stop(std::chrono::milliseconds grace = 200ms) {
    if (!thread_.joinable()) return;
    asio::post(context_, [this, grace] { listener_.stop("stopped", grace); });
    thread_.join();
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  asio::io_context context_{1};
  broker::Broker broker_;
  broker::Listener listener_;
  std::uint16_t port_{listener_.address().port()};
  std::thread thread_{[this] { context_.run(); }};
};

bool has_v6() {
  asio::io_context context;
  try {
    const tcp::acceptor acceptor{context, {asio::ip::address_v6::loopback(), 0}};
    return true;
  } catch (const std::system_error&) {
    return false;
  }
}

// Keeps the name of the client that logged in. Read it when the listener has stopped.
class Doorman final : public broker::Observer {
 public:
  std::string name;

 private:
  void on_connected(const broker::Session& session) override { name = session.name(); }
};

}  // namespace

TEST_CASE("a listener takes a free port and tells it") {
  asio::io_context context;
  broker::Broker broker;
  const broker::Listener one{context, broker, any_loopback_port}, other{context, broker, any_loopback_port};
  CHECK(one.address().port() != 0);
  CHECK(one.address().port() != other.address().port());
  CHECK(one.address().address() == asio::ip::address_v4::loopback());
}

TEST_CASE("a port that is taken is an error") {
  asio::io_context context;
  broker::Broker broker;
  const broker::Listener first{context, broker, any_loopback_port};
  CHECK_THROWS_AS((broker::Listener{context, broker, first.address()}), std::system_error);
}

TEST_CASE("an error names the address that cannot be listened on") {
  asio::io_context context;
  broker::Broker broker;
  const broker::Listener first{context, broker, any_loopback_port};
  CHECK_THROWS_WITH((broker::Listener{context, broker, first.address()}),
                    Catch::StartsWith("127.0.0.1:" + std::to_string(first.address().port()) + ": "));
}

TEST_CASE("a listener with several addresses has one port on all of them") {
  asio::io_context context;
  broker::Broker broker;
  const auto other = asio::ip::make_address("127.0.0.2");
  broker::Listener listener{context, broker, {{.endpoint = any_loopback_port}, {.endpoint = {other, 0}}}};
  const auto addresses = listener.addresses();
  REQUIRE(addresses.size() == 2);
  CHECK(addresses[0] == listener.address());
  CHECK(addresses[1] == tcp::endpoint{other, listener.address().port()});
  std::thread thread{[&] { context.run(); }};
  for (const auto* host : {"127.0.0.1", "127.0.0.2"}) {
    SocketClient client{listener.address().port(), Encoding::json, host};
    client.sends(queue::Declare{.queue = "q"}).receives<queue::DeclareOk>();
  }
  asio::post(context, [&] { listener.stop("stopped", 200ms); });
  thread.join();
}

TEST_CASE("an address that the machine does not have is passed over where that is allowed") {
  asio::io_context context;
  broker::Broker broker;
  const tcp::endpoint missing{asio::ip::make_address("192.0.2.1"), 0};  // of documentation only (RFC 5737)
  const broker::Listener listener{
      context, broker, {{.endpoint = missing, .is_optional = true}, {.endpoint = any_loopback_port}}};
  CHECK(listener.addresses().size() == 1);
  CHECK(listener.address().address() == asio::ip::address_v4::loopback());
  CHECK_THROWS_AS((broker::Listener{context, broker, {{.endpoint = missing}}}), std::system_error);
  CHECK_THROWS_AS((broker::Listener{context, broker, {{.endpoint = missing, .is_optional = true}}}), std::system_error);
}

TEST_CASE("both versions may have any address beside each other") {
  if (!has_v6()) return;
  asio::io_context context;
  broker::Broker broker;
  const broker::Listener listener{
      context,
      broker,
      {{.endpoint = {asio::ip::address_v4::any(), 0}}, {.endpoint = {asio::ip::address_v6::any(), 0}}}};
  CHECK(listener.addresses().size() == 2);
}

TEST_CASE("a listener that is stopped has nothing more to do") {
  asio::io_context context;
  broker::Broker broker;
  broker::Listener listener{context, broker, any_loopback_port};
  listener.stop("stopped", 10min);
  context.run();  // returns
  CHECK(broker.connection_count() == 0);
}

TEST_CASE("a stopped listener accepts nobody") {
  Running listener{any_loopback_port};
  listener.stop();
  CHECK_THROWS_AS((SocketClient{listener.port(), Encoding::json}), std::system_error);
}

TEST_CASE("a listener that stops tells its clients why") {
  Running listener{any_loopback_port};
  SocketClient alice{listener.port(), Encoding::json};
  alice.shakes_hands();
  listener.stop();
  const auto close = alice.receives<connection::Close>();
  CHECK(std::get<connection::Close>(close.method).reply_text == "CONNECTION_FORCED - stopped");
}

TEST_CASE("a listener that stops waits for no client that has gone") {
  Running listener{any_loopback_port};
  {
    SocketClient alice{listener.port(), Encoding::json}, bob{listener.port(), Encoding::amqp};
    alice.shakes_hands();
  }
  const auto begin = std::chrono::steady_clock::now();
  listener.stop(1min);
  CHECK(std::chrono::steady_clock::now() - begin < 30s);
}

TEST_CASE("a client is known by its address and port") {
  Doorman doorman;
  Running listener{any_loopback_port, &doorman};
  SocketClient{listener.port(), Encoding::json}.shakes_hands();
  listener.stop();
  CHECK_THAT(doorman.name, Catch::Matches("127\\.0\\.0\\.1:[0-9]+"));
}

TEST_CASE("an address of version 6 is known in brackets and guest may log in from there") {
  if (!has_v6()) return;
  Doorman doorman;
  Running listener{{asio::ip::address_v6::loopback(), 0}, &doorman};
  SocketClient{listener.port(), Encoding::json, "::1"}.shakes_hands();
  listener.stop();
  CHECK_THAT(doorman.name, Catch::Matches("\\[::1\\]:[0-9]+"));
}

TEST_CASE("guest may log in from its own machine through a socket of both versions") {
  if (!has_v6()) return;
  Doorman doorman;
  Running listener{{asio::ip::address_v6::any(), 0}, &doorman};
  SocketClient{listener.port(), Encoding::json, "127.0.0.1"}.shakes_hands();
  listener.stop();
  CHECK_THAT(doorman.name, Catch::Matches("127\\.0\\.0\\.1:[0-9]+"));
}

TEST_CASE("many clients come and go at once") {
  Running listener{any_loopback_port};
  for (int round = 0; round < 5; ++round) {
    std::vector<std::unique_ptr<SocketClient>> clients;
    for (int i = 0; i < 50; ++i)
      clients.push_back(std::make_unique<SocketClient>(listener.port(), i % 2 == 0 ? Encoding::json : Encoding::amqp));
    for (auto& client : clients) client->shakes_hands();
    for (auto& client : clients) client->sends(queue::Declare{.queue = "q"});
    for (auto& client : clients) (void)client->receives<queue::DeclareOk>();
  }
}

}  // namespace pocketmq::tests
