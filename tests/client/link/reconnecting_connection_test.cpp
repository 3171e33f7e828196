#include "client/link/reconnecting_connection.hpp"

#include <condition_variable>
#include <future>
#include <mutex>

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>
#include <asio/write.hpp>

#include "broker/embedded.hpp"
#include "protocol/codec/codec.hpp"
#include "tests/client/any_encoding.hpp"
#include "tests/support/broker_under_test.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::client {
namespace {

using namespace std::chrono_literals;
using asio::ip::tcp;
using Catch::Contains;

constexpr ReconnectOptions at_once{.backoff_min = 1ms, .backoff_max = 4ms};
constexpr ReconnectOptions hardly_ever{.backoff_min = 1h, .backoff_max = 1h};

// Something that happens on another thread, and that a test waits for.
class Events {
 public:
  void add(const std::string& event) {
    const std::lock_guard lock{mutex_};
    story_ += (story_.empty() ? "" : " ") + event;
    ++count_;
    changed_.notify_all();
  }

  /// All events, when there are `count` at least.
  std::string after(int count) {
    std::unique_lock lock{mutex_};
    changed_.wait_for(lock, 30s, [&] { return count_ >= count; });
    return story_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::string story_;
  int count_{0};
};

// Has a reconnecting connection, hears from it, and finds each new connection ready.
struct Owner {
  explicit Owner(std::shared_ptr<ReconnectingConnection> with) : connection{std::move(with)} {
    connection->on_up([this](ConnectionCore& core, ReconnectingConnection::Ready ready) {
      is_open = core.is_open();
      events.add("up");
      ready({});
    });
    connection->on_down([this](const CloseReason& reason) {
      last_loss = reason;
      events.add("down");
    });
  }
  ~Owner() { connection->close_and_wait(); }

  std::shared_ptr<ReconnectingConnection> connection;
  Events events;
  std::atomic<bool> is_open{false};
  CloseReason last_loss;
};

// Turns the first visitors away; to the others it says, in the JSON framing, that they are in, and not a word more.
class Gate {
 public:
  explicit Gate(int turned_away) : turned_away_{turned_away} {
    accept();
    thread_ = std::thread{[this] { io_.run(); }};
  }
  ~Gate() {
    io_.stop();
    thread_.join();
  }

  [[nodiscard]] std::string url() const {
    return "amqp+json://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/";
  }

  Events visits;

 private:
  void accept() {
    acceptor_.async_accept([this](std::error_code error, tcp::socket socket) {
      if (error) return;
      visits.add("visit");
      if (turned_away_-- <= 0) {
        static constexpr std::string_view open_ok = R"({"method":"connection.open-ok","channel":0})";
        const std::string frame = std::string{"\0\0\0", 3} + static_cast<char>(open_ok.size()) + std::string{open_ok};
        asio::write(socket, asio::buffer(frame));
        let_in_.push_back(std::move(socket));
      }
      accept();
    });
  }

  asio::io_context io_;
  tcp::acceptor acceptor_{io_, {asio::ip::address_v4::loopback(), 0}};
  std::vector<tcp::socket> let_in_;
  int turned_away_;
  std::thread thread_;
};

constexpr int everyone = 1'000'000'000;

std::string url_of_nobody() {
  asio::io_context io;
  tcp::acceptor unused{io, {asio::ip::address_v4::loopback(), 0}};
  return "amqp://alice:secret@127.0.0.1:" + std::to_string(unused.local_endpoint().port()) + "/";
}

TEST_CASE("a reconnecting connection opens at the first URL that lets it in") {
  tests::BrokerUnderTest broker;
  Owner owner{ReconnectingConnection::on_own_thread({url_of_nobody(), broker.url(any_encoding())})};
  owner.connection->open_and_wait();
  CHECK(owner.is_open);
  CHECK(owner.events.after(1) == "up");
}

TEST_CASE("a reconnecting connection that opens nowhere says what happened at each URL") {
  tests::BrokerUnderTest broker;
  const std::string scheme = any_encoding() == protocol::Encoding::amqp ? "amqp" : "amqp+json";
  Owner owner{ReconnectingConnection::on_own_thread({url_of_nobody(), scheme + "://bob:secret@" + broker.address()})};
  std::error_code code;
  std::string text;
  try {
    owner.connection->open_and_wait();
  } catch (const std::system_error& error) {
    code = error.code();
    text = error.what();
  }
  CHECK(code == reply_error(403));
  CHECK_THAT(text, Contains("cannot open amqp://alice:***@127.0.0.1") && Contains("refused; cannot open"));
  CHECK_THAT(text, Contains("bob:***@" + broker.address()) && Contains("ACCESS_REFUSED") && !Contains("secret"));
  CHECK(owner.events.after(0).empty());
}

TEST_CASE("a lost connection is replaced by one to the next URL, and up and down alternate", "[own broker]") {
  std::optional<broker::Embedded> first{std::in_place};
  std::optional<broker::Embedded> second{std::in_place};
  broker::Embedded third;
  const auto encoding = any_encoding();
  Owner owner{ReconnectingConnection::on_own_thread({first->url(encoding), second->url(encoding), third.url(encoding)},
                                                    {}, at_once)};
  owner.connection->open_and_wait();
  first.reset();
  CHECK(owner.events.after(3) == "up down up");
  CHECK(owner.last_loss.error == reply_error(320));
  second.reset();
  CHECK(owner.events.after(5) == "up down up down up");
  owner.connection->close_and_wait();
  CHECK(owner.events.after(6) == "up down up down up down");
  CHECK(owner.last_loss.error == Error::closed);
}

TEST_CASE("a reconnecting connection finds a broker that comes back at its own URL", "[own broker]") {
  std::optional<broker::Embedded> broker{std::in_place};
  const auto port = broker->port();
  Owner owner{ReconnectingConnection::on_own_thread({broker->url(any_encoding())}, {}, at_once)};
  owner.connection->open_and_wait();
  broker.reset();
  CHECK(owner.events.after(2) == "up down");
  broker.emplace(broker::Options{}, nullptr, broker::ListenOn{.port = port});
  CHECK(owner.events.after(3) == "up down up");
}

TEST_CASE("a reconnecting connection goes on, round after round, until somebody lets it in", "[own broker]") {
  std::optional<broker::Embedded> broker{std::in_place};
  std::optional<Gate> gate{5};
  Owner owner{ReconnectingConnection::on_own_thread({broker->url(any_encoding()), gate->url()}, {}, at_once)};
  owner.connection->open_and_wait();
  broker.reset();
  CHECK(owner.events.after(3) == "up down up");
  CHECK(gate->visits.after(6) == "visit visit visit visit visit visit");
  gate.reset();
}

TEST_CASE("a set-up that fails is an attempt that failed", "[own broker]") {
  broker::Embedded one;
  broker::Embedded other;
  const auto encoding = any_encoding();
  const auto connection = ReconnectingConnection::on_own_thread({one.url(encoding), other.url(encoding)}, {}, at_once);
  int ups = 0;
  int downs = 0;
  bool second_fails = true;
  connection->on_up([&](ConnectionCore& core, ReconnectingConnection::Ready ready) {
    const bool fails = ++ups == 1 || second_fails;
    core.open_channel([fails, ready = std::move(ready)](std::error_code error, const auto&) mutable {
      ready(fails ? CloseReason{Error::not_open, "the queue is not mine"} : CloseReason{error, {}});
    });
  });
  connection->on_down([&](const CloseReason&) { ++downs; });

  SECTION("of all attempts") {
    std::string text;
    try {
      connection->open_and_wait();
    } catch (const std::system_error& error) {
      text = error.what();
    }
    CHECK_THAT(text, Contains("the queue is not mine") && Contains(std::to_string(one.port()))
                         && Contains(std::to_string(other.port())));
    CHECK(ups == 2);
  }
  SECTION("of the first one") {
    second_fails = false;
    connection->open_and_wait();
    connection->close_and_wait();
    CHECK(ups == 2);
  }
  CHECK(downs == 2);
}

TEST_CASE("closing ends a pause, and a search", "[own broker]") {
  std::optional<broker::Embedded> broker{std::in_place};
  Gate gate{everyone};
  const bool pauses = GENERATE(true, false);
  Owner owner{ReconnectingConnection::on_own_thread({broker->url(any_encoding()), gate.url()}, {},
                                                    pauses ? hardly_ever : at_once)};
  owner.connection->open_and_wait();
  broker.reset();
  owner.events.after(2);
  if (!pauses) gate.visits.after(2);
  owner.connection->close_and_wait();
  CHECK(owner.events.after(2) == "up down");
}

TEST_CASE("closing ends the opening") {
  asio::io_context io;
  tcp::acceptor silent{io, {asio::ip::address_v4::loopback(), 0}};
  const auto connection =
      ReconnectingConnection::on_own_thread("amqp://127.0.0.1:" + std::to_string(silent.local_endpoint().port()) + "/");
  std::promise<std::error_code> opened;
  std::promise<void> closed;
  connection->open([&](std::error_code error) { opened.set_value(error); });
  connection->close([&](std::error_code) { closed.set_value(); });
  CHECK(opened.get_future().get() == Error::closed);
  silent.accept().close();
  closed.get_future().get();
}

TEST_CASE("a reconnecting connection that is closed stays closed") {
  tests::BrokerUnderTest broker;
  Owner owner{ReconnectingConnection::on_own_thread(broker.url(any_encoding()))};
  owner.connection->open_and_wait();
  const auto error_of_open = [&] {
    std::promise<std::error_code> opened;
    owner.connection->open([&](std::error_code error) { opened.set_value(error); });
    return opened.get_future().get();
  };
  CHECK(error_of_open() == Error::not_open);
  owner.connection->close_and_wait();
  owner.connection->close_and_wait();
  CHECK(error_of_open() == Error::closed);
  Owner never_opened{ReconnectingConnection::on_own_thread(broker.url(protocol::Encoding::amqp))};
}

TEST_CASE("an owner may close its connection when it hears of a loss, and let it go", "[own broker]") {
  std::optional<broker::Embedded> broker{std::in_place};
  auto connection = ReconnectingConnection::on_own_thread(broker->url(any_encoding()), {}, at_once);
  std::promise<void> closed;
  connection->on_down([&](const CloseReason&) {
    std::exchange(connection, nullptr)->close([&](std::error_code) { closed.set_value(); });
  });
  connection->open_and_wait();
  broker.reset();
  closed.get_future().get();
}

TEST_CASE("each attempt that fails is told, and each loss", "[own broker]") {
  std::optional<Gate> gate{2};
  Owner owner{ReconnectingConnection::on_own_thread(gate->url(), {},
                                                    {.backoff_min = 1ms, .backoff_max = 4ms, .patient = true})};
  owner.connection->on_failure([&](const CloseReason& reason) { owner.events.add(reason.error ? "failed" : "?"); });
  owner.connection->open_and_wait();
  CHECK(owner.events.after(3) == "failed failed up");
  gate.reset();  // or closing would wait for an answer to its goodbye
  CHECK_THAT(owner.events.after(5), Catch::StartsWith("failed failed up down failed"));
}

TEST_CASE("deadlines are driven with and without a connection", "[own broker]") {
  struct Alarm final : Timed {
    void tick(protocol::TimePoint now) override {
      if (now < due) return;
      due = protocol::TimePoint::max();
      rung.set_value();
    }
    [[nodiscard]] protocol::TimePoint deadline() const override { return due; }

    protocol::TimePoint due{protocol::TimePoint::max()};
    std::promise<void> rung;
  } alarm;
  std::optional<broker::Embedded> broker{std::in_place};
  Owner owner{ReconnectingConnection::on_own_thread(broker->url(any_encoding()), {}, hardly_ever)};
  const auto rings = [&] {
    alarm.rung = {};
    auto rung = alarm.rung.get_future();
    owner.connection->run([&] {
      alarm.due = protocol::Clock::now() + 1ms;
      owner.connection->deadline_changed();
    });
    return rung.wait_for(30s) == std::future_status::ready;
  };
  owner.connection->run([&] { owner.connection->attach(&alarm); });
  CHECK(rings());
  owner.connection->open_and_wait();
  CHECK(rings());
  broker.reset();
  owner.events.after(2);
  CHECK(rings());
  CHECK(rings());
  owner.connection->close_and_wait();
}

TEST_CASE("a deadline that comes while a reconnecting connection is being closed is not told any more") {
  struct Alarm final : Timed {
    void tick(protocol::TimePoint) override { ++ticks; }
    [[nodiscard]] protocol::TimePoint deadline() const override { return due; }

    const protocol::TimePoint due{protocol::Clock::now()};
    int ticks{0};
  } alarm;
  asio::thread_pool threads{2};
  const auto connection = ReconnectingConnection::on_executor(threads.get_executor(), url_of_nobody());
  std::promise<void> closed;
  connection->run([&] {
    connection->attach(&alarm);
    // The other thread finds that both timers are over, in this order. What the first one calls has to wait for us.
    asio::basic_waitable_timer<protocol::Clock> later{threads, alarm.due + 1ms};
    later.async_wait(asio::use_future).get();
    connection->close([&](std::error_code) { closed.set_value(); });
  });
  closed.get_future().get();
  threads.join();
  CHECK(alarm.ticks == 0);
}

TEST_CASE("a reconnecting connection may run on the caller's executor, without a thread", "[own broker]") {
  std::optional<broker::Embedded> first{std::in_place};
  broker::Embedded second;
  const auto encoding = any_encoding();
  asio::io_context io;
  const auto connection =
      ReconnectingConnection::on_executor(io.get_executor(), {first->url(encoding), second.url(encoding)}, {}, at_once);
  std::string story;
  connection->on_up([&](ConnectionCore&, ReconnectingConnection::Ready ready) {
    story += "up ";
    ready({});
    if (first)
      first.reset();
    else
      connection->close([&](std::error_code) { story += "closed"; });
  });
  connection->on_down([&](const CloseReason&) { story += "down "; });
  connection->open([&](std::error_code error) { story += error ? "failed " : "open "; });
  io.run();
  CHECK(story == "up open down up down closed");
}

TEST_CASE("an executor that goes takes a reconnecting connection along in whatever it does") {
  tests::BrokerUnderTest broker;
  auto io = std::make_unique<asio::io_context>();
  const auto url = GENERATE(true, false) ? broker.url(any_encoding()) : url_of_nobody();
  auto connection = ReconnectingConnection::on_executor(io->get_executor(), url);
  connection->on_up([&](ConnectionCore&, ReconnectingConnection::Ready ready) {
    ready({});
    io->stop();
  });
  connection->open([](std::error_code) {});
  if (GENERATE(true, false)) io->run();
  if (GENERATE(true, false)) connection->close([](std::error_code) {});
  const std::weak_ptr watched{connection};
  connection.reset();
  io.reset();
  CHECK(watched.expired());
}

TEST_CASE("heartbeats keep an idle connection, and find a peer that fell silent") {
  tests::BrokerUnderTest broker;
  Owner idle{ReconnectingConnection::on_own_thread(broker.url(any_encoding()), {.heartbeat = 1s}, at_once)};
  idle.connection->open_and_wait();
  std::optional<Gate> silent{0};
  Owner left_alone{ReconnectingConnection::on_own_thread({silent->url(), broker.url(protocol::Encoding::amqp)},
                                                         {.heartbeat = 1s}, at_once)};
  left_alone.connection->open_and_wait();
  CHECK(left_alone.events.after(3) == "up down up");
  CHECK_THAT(left_alone.last_loss.text, Contains("missed heartbeats"));
  CHECK(idle.events.after(1) == "up");
  silent.reset();
}

}  // namespace
}  // namespace pocketmq::client
