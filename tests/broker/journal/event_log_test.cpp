// The log: what is told of connections and of the broker, at which level.
#include "broker/journal/event_log.hpp"

#include <sstream>

#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using broker::LogLevel;

// A log whose lines a test reads, without their time.
class Log {
 public:
  explicit Log(LogLevel level) : log_{lines_, level} {}

  [[nodiscard]] broker::EventLog& observer() { return log_; }
  /// What was told since the last time.
  std::vector<std::string> read() {
    std::istringstream written{text_.str()};
    text_.str("");
    std::vector<std::string> lines;
    for (std::string line; std::getline(written, line);) lines.push_back(line.substr(line.find(' ') + 1));
    return lines;
  }

 private:
  std::ostringstream text_;
  protocol::StreamSink sink_{text_};
  broker::LogLines lines_{sink_, broker::LogFormat::text, [] { return std::chrono::system_clock::time_point{}; }};
  broker::EventLog log_;
};

using Told = std::vector<std::string>;

struct Logged {
  explicit Logged(broker::Options options = {}, LogLevel level = LogLevel::info)
      : log{level}, world{{.options = std::move(options), .log = &log.observer()}} {}

  Log log;
  World world;
};

}  // namespace

TEST_CASE("clients who behave are told of at debug only") {
  const auto level = GENERATE(LogLevel::debug, LogLevel::info);
  Logged logged{{}, level};
  auto alice = logged.world.connect({.name = "alice"});
  alice.declares("q").publishes("q", "m").gets("q", "m").acks("m").closes();
  const Told told{"debug alice (client 1)  user 'guest' has opened vhost '/'",
                  "debug alice (client 1)  the connection has ended"};
  CHECK(logged.log.read() == (level == LogLevel::debug ? told : Told{}));
}

TEST_CASE("a refused log-in is told of with who wanted it and from where") {
  Logged logged;
  const Login login{.password = "hunter2", .name = "mallory"};
  logged.world.arrive(login).shakes_hands(login);
  const std::string mechanism = logged.world.speaks_json() ? "JSON" : "PLAIN";
  CHECK(logged.log.read()
        == Told{"warning mallory (client 1)  closed with 403 ACCESS_REFUSED - Login was refused using authentication "
                "mechanism "
                + mechanism + ": user 'guest' is unknown, or the password is wrong"});
}

TEST_CASE("a log-in that is refused without a word is told of all the same") {
  Log log{LogLevel::warning};
  World world{{.encoding = Encoding::amqp, .log = &log.observer()}};
  const Login login{.password = "hunter2", .wants_login_refused = false};
  world.arrive(login).shakes_hands(login).is_cut();
  const auto told = log.read();
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::StartsWith("warning \"client 1\"  closed with 403") && !Catch::Contains("hunter2"));
}

TEST_CASE("a refused virtual host is told of") {
  Logged logged;
  const Login login{.virtual_host = "nowhere"};
  logged.world.arrive(login).shakes_hands(login);
  CHECK(logged.log.read() == Told{"warning \"client 1\"  closed with 530 NOT_ALLOWED - vhost nowhere not found"});
}

TEST_CASE("a channel that is closed is told of at info") {
  Logged logged;
  auto alice = logged.world.connect();
  alice.sends(queue::Purge{.queue = "nowhere"});
  CHECK(logged.log.read()
        == Told{"info \"client 1\"  channel 1 closed with 404 NOT_FOUND - no queue 'nowhere' in vhost '/'"});
}

TEST_CASE("bytes of no known protocol are told of with what they look like") {
  const auto [bytes, wants] = GENERATE(table<std::string, std::string>({
      {"GET / HTTP/1.1\r\nHost: x\r\n", "'GET / HTTP/1.1'; it looks like HTTP, which this port does not"},
      {std::string{"\x16\x03\x01\x02\x00\x01\x00", 7}, "; it looks like TLS, which this port does not speak"},
      {"\x1b[2J\x1b[2J", "'\\x1b[2J\\x1b[2J'"},
      {"AMQP\1\1\x08\x01", "of AMQP only 0-9-1 is spoken here"},
  }));
  Log log{LogLevel::warning};
  World world{{.encoding = Encoding::amqp, .log = &log.observer()}};
  world.arrive_raw().sends_bytes(bytes);
  const auto told = log.read();
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::StartsWith("warning \"client 1\"  closed: it begins with what is no known protocol, '")
                          && Catch::Contains(wants));
}

TEST_CASE("a lost connection is told of with what it leaves") {
  Logged logged;
  auto alice = logged.world.connect({.name = "alice"});
  auto bob = logged.world.connect({.name = "bob"});
  alice.declares({.queue = "mine", .exclusive = true}).declares("q").consumes("q");
  bob.publishes("q", {"1", "2"});
  alice.vanishes();
  const auto told = logged.log.read();
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::StartsWith("warning alice (client 1)  connection lost (")
                          && Catch::EndsWith("): 2 unacked deliveries are requeued, 1 consumer is gone, 1 exclusive "
                                             "queue is deleted"));
  bob.vanishes();
  CHECK_THAT(logged.log.read().at(0),
             Catch::StartsWith("info bob (client 2)  connection lost (") && Catch::EndsWith("): it leaves nothing"));
}

TEST_CASE("an open transaction that is lost is told of") {
  Logged logged;
  auto alice = logged.world.connect();
  alice.declares("q").selects_tx().publishes("q", "1").vanishes();
  CHECK_THAT(logged.log.read().at(0),
             Catch::StartsWith("warning") && Catch::Contains("1 uncommitted publish is dropped"));
}

TEST_CASE("a client without heartbeats is told of once") {
  Logged logged;
  (void)logged.world.connect({.name = "alice", .heartbeat = 10s});
  logged.world.advance(30s);
  CHECK(logged.log.read() == Told{"info alice (client 1)  connection lost (missed heartbeats): it leaves nothing"});
}

TEST_CASE("who has not logged in is told of at debug") {
  Logged logged{{}, LogLevel::debug};
  logged.world.arrive_raw().sends_bytes("AM");
  logged.world.advance(11s);
  CHECK(logged.log.read()
        == Told{"debug \"client 1\"  connection lost (its handshake took too long): it leaves nothing"});
  logged.world.arrive_raw().vanishes();
  CHECK(logged.log.read().size() == 1);
}

TEST_CASE("a broker that shuts down does not complain of its clients") {
  Logged logged;
  (void)logged.world.connect();
  logged.world.broker().shut_down("that was it");
  logged.world.settle();
  CHECK(logged.log.read().empty());
}

TEST_CASE("a limit that is reached is told of with what to do and once within a minute") {
  Logged logged{{.queue_max = 1}, LogLevel::warning};
  auto alice = logged.world.connect();
  alice.declares("q");
  for (std::uint16_t number = 2; number < 5; ++number) alice.opens_channel(number).sends(queue::Declare{.queue = "r"});
  CHECK(logged.log.read()
        == Told{"warning broker  there are as many queues as there may be, 1, and more are refused; delete some, or "
                "allow more with --queue-max"});
  logged.world.advance(61s);
  alice.opens_channel(5).sends(queue::Declare{.queue = "r"});
  CHECK(logged.log.read().size() == 1);
}

TEST_CASE("publishers who wait for memory are told of and that they go on") {
  Logged logged{{.memory_max_bytes = 100'000}};
  auto alice = logged.world.connect(), bob = logged.world.connect();
  alice.declares("q");
  bob.declares("r");
  const std::string body(10'000, 'x');
  for (int i = 0; i < 12; ++i) alice.publishes("q", body);
  bob.publishes("r", body);
  const auto told = logged.log.read();
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::StartsWith("warning broker  0.1 MB are held for clients, and 0.1 MB is the mark: "
                                        "publishers wait until a tenth of it is free"));
  logged.world.advance(3s);
  logged.world.connect().sends(queue::Purge{.queue = "q"});
  CHECK(logged.log.read() == Told{"info broker  no publisher waits for memory any more, after 3000 ms"});
}

TEST_CASE("a publisher who goes while it waits no longer waits") {
  Logged logged{{.memory_max_bytes = 100'000}};
  auto alice = logged.world.connect();
  alice.declares("q");
  const std::string body(10'000, 'x');
  for (int i = 0; i < 12; ++i) alice.publishes("q", body);
  (void)logged.log.read();
  alice.vanishes();
  const auto told = logged.log.read();
  CHECK(std::ranges::count_if(told, [](const auto& line) { return line.find("no publisher waits") != line.npos; })
        == 1);
}

TEST_CASE("clients cannot fill the log") {
  Logged logged{{.login_failures_max = 0}};
  const Login login{.password = "wrong"};
  for (int i = 0; i < 150; ++i) logged.world.arrive(login).shakes_hands(login);
  CHECK(logged.log.read().size() == broker::EventLog::lines_max);
  logged.world.advance(broker::EventLog::lines_window);
  logged.world.arrive(login).shakes_hands(login);
  const auto told = logged.log.read();
  REQUIRE(told.size() == 2);
  CHECK(told[0] == "warning broker  50 lines about connections left out here");
}

TEST_CASE("a broker that cannot take connections says why once within a minute") {
  Logged logged{{}, LogLevel::error};
  auto& context = logged.world.broker().context();
  for (int i = 0; i < 3; ++i)
    logged.log.observer().on_accept_failed(context, make_error_code(std::errc::too_many_files_open));
  const auto told = logged.log.read();
  REQUIRE(told.size() == 1);
  CHECK_THAT(told[0], Catch::StartsWith("error broker  cannot take a connection: ") && Catch::Contains("ulimit -n"));
}

TEST_CASE("of bytes of no protocol only the beginning is shown and no password behind it") {
  Log log{LogLevel::warning};
  World world{{.encoding = Encoding::amqp, .options = {.journal_bytes = 100'000}, .log = &log.observer()}};
  world.arrive_raw().sends_bytes("GET /a HTTP/1.1\r\nAuthorization: Basic Z3Vlc3Q6aHVudGVyMg==\r\n\r\n");
  world.arrive_raw().sends_bytes(R"({"user":"alice","password":"hunter2"})");
  for (const auto& line : log.read()) CHECK_THAT(line, !Catch::Contains("hunter2") && !Catch::Contains("Z3Vlc3Q6"));
  std::vector<std::string> begins;
  (void)world.broker().journal().read(1, 1'000, [&](const broker::Entry& entry) {
    if (const auto* told = entry.find<broker::event::ConnectionUnintelligible>())
      begins.emplace_back(told->begin.view());
  });
  CHECK(begins == std::vector<std::string>{"GET /a HTTP/1.1", R"({"user":"alice",)"});
}

}  // namespace pocketmq::tests
