// A broker on a thread of its own, over real sockets.
#include "broker/embedded.hpp"

#include <future>
#include <list>
#include <stdexcept>
#include <thread>

#include "broker/inspect.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/socket_client.hpp"

namespace pocketmq::tests {
namespace {

namespace basic = protocol::basic;
namespace connection = protocol::connection;
namespace queue = protocol::queue;
using namespace std::chrono_literals;

// How long a destructor may take: the broker's grace for clients, and time for a busy machine.
constexpr auto soon = 2s;

std::chrono::steady_clock::duration time_of(const std::function<void()>& act) {
  const auto begin = std::chrono::steady_clock::now();
  act();
  return std::chrono::steady_clock::now() - begin;
}

class ExpiryPromise final : public broker::Observer {
 public:
  std::promise<std::string> body;

 private:
  void on_expired(const broker::Queue&, const broker::Message& message) override {
    body.set_value(std::string{message.body()});
  }
};

}  // namespace

TEST_CASE("a test sets an embedded broker's clock ahead instead of waiting") {
  ExpiryPromise expired;
  broker::Embedded embedded{{}, &expired};
  SocketClient alice{embedded.port(), Encoding::json};
  alice.sends(queue::Declare{.queue = "q"}).receives<queue::DeclareOk>();
  alice.publishes("q", "a day", {.expiration = "86400000"});
  alice.sends(queue::Declare{.queue = "q"}).receives<queue::DeclareOk>();  // so the broker has the message
  embedded.freeze_clock();
  auto body = expired.body.get_future();
  embedded.advance_clock(24h);
  CHECK(body.get() == "a day");
  embedded.run_clock();
  CHECK_THROWS_AS(embedded.advance_clock(-1s), std::invalid_argument);
}

TEST_CASE("an embedded broker serves both encodings on one port") {
  broker::Embedded broker;
  SocketClient json{broker.port(), Encoding::json}, amqp{broker.port(), Encoding::amqp};
  json.shakes_hands().sends(queue::Declare{.queue = "q"}).receives<queue::DeclareOk>();
  json.publishes("q", "from JSON").sends(queue::Declare{.queue = "q", .passive = true}).receives<queue::DeclareOk>();
  amqp.shakes_hands().sends(basic::Consume{.queue = "q"}).receives<basic::ConsumeOk>();
  CHECK(amqp.receives<basic::Deliver>().body == "from JSON");
  amqp.sends(queue::Declare{.queue = "r"}).receives<queue::DeclareOk>();
  json.sends(basic::Consume{.queue = "r"}).receives<basic::ConsumeOk>();
  amqp.publishes("r", "from AMQP");
  CHECK(json.receives<basic::Deliver>().body == "from AMQP");
}

TEST_CASE("an embedded broker's URL names its encoding its user and its port") {
  broker::Embedded broker;
  const auto port = std::to_string(broker.port());
  CHECK(broker.url() == "amqp+json://guest:guest@127.0.0.1:" + port + "/");
  CHECK(broker.url(Encoding::json) == broker.url());
  CHECK(broker.url(Encoding::amqp) == "amqp://guest:guest@127.0.0.1:" + port + "/");
}

TEST_CASE("an embedded broker may be given its address and its port") {
  const auto port = broker::Embedded{}.port();
  broker::Embedded broker{{}, nullptr, {.address = "127.0.0.2", .port = port}};
  CHECK(broker.url() == "amqp+json://guest:guest@127.0.0.2:" + std::to_string(port) + "/");
  SocketClient{port, Encoding::json, "127.0.0.2"}.shakes_hands();
  CHECK_THROWS_AS((broker::Embedded{{}, nullptr, {.address = "127.0.0.2", .port = port}}), std::system_error);
  CHECK_THROWS_WITH((broker::Embedded{{}, nullptr, {.address = "no host"}}), Catch::Contains("'no host'"));
}

TEST_CASE("a broker that listens everywhere is reached on this machine") {
  const broker::Embedded broker{{}, nullptr, {.address = "0.0.0.0"}};
  CHECK_THAT(broker.url(), Catch::Contains("@127.0.0.1:"));
}

TEST_CASE("a broker comes back at the port that it had while clients are connected") {
  std::uint16_t port = 0;
  for (int round = 0; round < 3; ++round) {
    auto broker = std::make_unique<broker::Embedded>(broker::Options{}, nullptr, broker::ListenOn{.port = port});
    if (round > 0) CHECK(broker->port() == port);
    port = broker->port();
    SocketClient polite{port, Encoding::json}, silent{port, Encoding::amqp};
    polite.shakes_hands();
    broker.reset();
  }
}

TEST_CASE("inspect gives what its function gives") {
  broker::Embedded broker;
  SocketClient alice{broker.port(), Encoding::json};
  alice.sends(queue::Declare{.queue = "q"}).receives<queue::DeclareOk>();
  const auto has_queue = [](broker::Broker& b) { return b.find_virtual_host("/")->find_queue("q") != nullptr; };
  CHECK(broker.inspect(has_queue));
  CHECK(broker.inspect([](broker::Broker& b) { return std::to_string(b.connection_count()); }) == "1");
  bool was_called = false;
  broker.inspect([&](broker::Broker&) { was_called = true; });
  CHECK(was_called);
}

TEST_CASE("inspect runs on the broker's thread") {
  broker::Embedded broker;
  const auto thread = [](broker::Broker&) { return std::this_thread::get_id(); };
  const auto one = broker.inspect(thread), other = broker.inspect(thread);
  CHECK(one == other);
  CHECK(one != std::this_thread::get_id());
}

TEST_CASE("inspect throws what its function throws and the broker goes on") {
  broker::Embedded broker;
  CHECK_THROWS_WITH(broker.inspect([](broker::Broker&) { throw std::runtime_error{"seen"}; }), "seen");
  CHECK(broker.inspect([](broker::Broker&) { return 7; }) == 7);
}

TEST_CASE("inspect may be called from inside an inspection") {
  broker::Embedded broker;
  CHECK(broker.inspect([&](broker::Broker&) { return broker.inspect([](broker::Broker&) { return 7; }); }) == 7);
}

TEST_CASE("an embedded broker that nobody talks to ends at once") {
  CHECK(time_of([] { broker::Embedded broker; }) < soon);
}

TEST_CASE("an embedded broker closes its clients when it ends") {
  const auto encoding = GENERATE(Encoding::json, Encoding::amqp);
  auto broker = std::make_unique<broker::Embedded>();
  SocketClient alice{broker->port(), encoding};
  alice.shakes_hands();
  CHECK(time_of([&] { broker.reset(); }) < soon);
  const auto close = alice.receives<connection::Close>();
  CHECK(std::get<connection::Close>(close.method).reply_code == 320);
  CHECK(std::get<connection::Close>(close.method).reply_text == "CONNECTION_FORCED - the embedded broker was stopped");
  CHECK(alice.is_ended());
}

TEST_CASE("an embedded broker cuts clients that say nothing when it ends") {
  auto broker = std::make_unique<broker::Embedded>();
  SocketClient silent{broker->port(), Encoding::amqp}, half{broker->port(), Encoding::amqp};
  half.sends_bytes("AMQ");
  // Both are there, and not only in the listener's backlog.
  while (broker->inspect([](broker::Broker& b) { return b.connection_count(); }) < 2) std::this_thread::yield();
  CHECK(time_of([&] { broker.reset(); }) < soon);
  CHECK(silent.is_ended());
  CHECK(half.is_ended());
}

TEST_CASE("an embedded broker does not wait for a client that does not read") {
  auto broker = std::make_unique<broker::Embedded>();
  SocketClient alice{broker->port(), Encoding::amqp}, bob{broker->port(), Encoding::amqp};
  alice.shakes_hands().sends(queue::Declare{.queue = "q"}).receives<queue::DeclareOk>();
  alice.sends(basic::Consume{.queue = "q"}).receives<basic::ConsumeOk>();
  bob.shakes_hands();
  const std::string body(1'000'000, 'x');
  for (int i = 0; i < 20; ++i) bob.publishes("q", body);
  bob.sends(queue::Declare{.queue = "q", .passive = true}).receives<queue::DeclareOk>();
  CHECK(time_of([&] { broker.reset(); }) < soon);
}

TEST_CASE("a hundred embedded brokers work in one process") {
  std::list<broker::Embedded> brokers;
  std::list<SocketClient> clients;
  for (int i = 0; i < 100; ++i) {
    auto& broker = brokers.emplace_back();
    auto& client = clients.emplace_back(broker.port(), i % 2 == 0 ? Encoding::json : Encoding::amqp);
    client.shakes_hands().sends(queue::Declare{.queue = "q"}).sends(basic::Consume{.queue = "q"});
    client.publishes("q", "message " + std::to_string(i));
  }
  for (int i = 0; auto& client : clients) {
    (void)client.receives<queue::DeclareOk>();
    (void)client.receives<basic::ConsumeOk>();
    REQUIRE(client.receives<basic::Deliver>().body == "message " + std::to_string(i++));
  }
  for (auto& broker : brokers) REQUIRE(broker.inspect([](broker::Broker& b) { return b.connection_count(); }) == 1);
}

TEST_CASE("names differ from one embedded broker to another") {
  broker::Embedded one, other;
  const auto name_from = [](const broker::Embedded& broker) {
    SocketClient client{broker.port(), Encoding::json};
    const auto ok = client.sends(queue::Declare{}).receives<queue::DeclareOk>();
    return std::string{std::get<queue::DeclareOk>(ok.method).queue};
  };
  CHECK(name_from(one) != name_from(other));
}

TEST_CASE("messages end in real time without anyone asking") {
  ExpiryPromise expiry;
  auto expired = expiry.body.get_future();
  broker::Embedded broker{{}, &expiry};
  SocketClient alice{broker.port(), Encoding::json};
  alice.sends(queue::Declare{.queue = "q"}).receives<queue::DeclareOk>();
  alice.publishes("q", "short", {.expiration = "20"});
  REQUIRE(expired.wait_for(10s) == std::future_status::ready);
  CHECK(expired.get() == "short");
}

TEST_CASE("a handshake that does not finish is cut in real time") {
  broker::Embedded broker{{.handshake_max = 1s}};
  SocketClient alice{broker.port(), Encoding::amqp};
  alice.sends_bytes("AMQ");
  CHECK(alice.is_ended());
}

TEST_CASE("a client that writes before it reads does not stop") {
  const auto encoding = GENERATE(Encoding::json, Encoding::amqp);
  broker::Embedded broker;
  SocketClient alice{broker.port(), encoding};
  alice.shakes_hands().sends(queue::Declare{.queue = "q"}).sends(basic::Consume{.queue = "q", .no_ack = true});
  std::string body(1'000'000, 'x');
  constexpr char count = 30;
  for (char i = 0; i < count; ++i) {
    body[0] = i;
    alice.publishes("q", body);  // blocks until the broker has read enough of it
  }
  (void)alice.receives<queue::DeclareOk>();
  (void)alice.receives<basic::ConsumeOk>();
  for (char i = 0; i < count; ++i) {
    const auto delivery = alice.receives<basic::Deliver>();
    REQUIRE(delivery.body.size() == body.size());
    REQUIRE(delivery.body[0] == i);
  }
}

TEST_CASE("a refused client reads why before its connection ends") {
  const auto encoding = GENERATE(Encoding::json, Encoding::amqp);
  broker::Embedded broker;
  SocketClient alice{broker.port(), encoding};
  alice.shakes_hands();
  // A breach, and behind it what the broker will not read: the end must not overtake the text.
  alice.sends_bytes(std::string(200'000, '\x7f'));
  const auto close = alice.receives<connection::Close>();
  CHECK(std::get<connection::Close>(close.method).reply_code == 501);
  CHECK(alice.is_ended());
}

}  // namespace pocketmq::tests
