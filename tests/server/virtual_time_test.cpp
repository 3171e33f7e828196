// A broker, a client and a server on one thread and one virtual clock: their time-outs, pauses and deadlines come when
// the clock is advanced, and at their exact times.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <asio/io_context.hpp>

#include "broker/in_process.hpp"
#include "broker/inspect.hpp"
#include "client/rpc_client.hpp"
#include "protocol/io/clock_of.hpp"
#include "server/rpc_server.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::server {
namespace {

using namespace std::chrono_literals;
using client::RpcClient;
using client::RpcCode;
using client::RpcError;
using protocol::Encoding;
using protocol::TimePoint;

constexpr TimePoint beginning{1h};
constexpr client::WallTime wall_beginning{std::chrono::seconds{1'700'000'000}};

class VirtualWorld {
 public:
  VirtualWorld() : VirtualWorld{GENERATE(Encoding::amqp, Encoding::json)} {}
  VirtualWorld(const VirtualWorld&) = delete;
  VirtualWorld& operator=(const VirtualWorld&) = delete;
  // NOLINTNEXTLINE(bugprone-exception-escape): it would be a fault of what is tested
  ~VirtualWorld() {
    rpc.reset();
    server.reset();
    settles();
  }

  void opens_client() {
    rpc->async_open([](std::error_code failed) { CHECK_FALSE(failed); });
    settles();
  }
  void opens_server() {
    server->async_start([](std::error_code failed) { CHECK_FALSE(failed); });
    settles();
  }
  // All that happens without time.
  void settles() {
    context.restart();
    context.poll();
  }
  // The time passes, deadline by deadline.
  void passes(std::chrono::nanoseconds time) {
    settles();
    const auto end = clock.now() + time;
    while (clock.earliest_deadline() <= end) {
      clock.advance_to(clock.earliest_deadline());
      settles();
    }
    clock.advance_to(end);
    settles();
  }
  [[nodiscard]] std::chrono::nanoseconds passed() const { return clock.now() - beginning; }

  // Calls, and records the result or the error's code, with the time when it came.
  template <class... Args> void calls(const std::string& queue, client::ProcedureOptions options, Args... args) {
    rpc->procedure<std::int64_t(Args...)>(queue, std::move(options))
        .async(args..., [this](const std::exception_ptr& thrown, std::int64_t result) {
          results.push_back((thrown ? code_of(thrown) : std::to_string(result)) + " after "
                            + std::to_string(passed() / 1ms) + " ms");
        });
    settles();
  }

  asio::io_context context{1};
  protocol::LoopClock& clock{protocol::clock_of(context)};
  std::optional<broker::InProcess> broker;
  std::optional<RpcServer> server;
  std::optional<RpcClient> rpc;
  std::vector<std::string> results;

 private:
  explicit VirtualWorld(Encoding encoding) {
    clock.make_virtual(beginning, wall_beginning);
    broker.emplace(context);
    auto pipe = broker->pipe(encoding);
    pipe.heartbeat = 10s;
    server.emplace(context.get_executor(), pipe, RpcServerOptions{.executor = context.get_executor()});
    rpc.emplace(context.get_executor(), pipe);
  }

  static std::string code_of(const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const RpcError& error) {
      return std::string{name_of(error.code())};
    }
  }
};

TEST_CASE("a call that nobody answers ends at its deadline in virtual time", "[own broker]") {
  VirtualWorld world;
  world.opens_client();
  world.calls("idle", {.timeout = 30min, .declare = client::QueueOptions{}}, 1);
  world.passes(30min - 1ms);
  CHECK(world.results.empty());
  CHECK(world.broker->broker().connection_count() == 1);
  world.passes(1ms);
  CHECK(world.results == std::vector<std::string>{"deadline_exceeded after 1800000 ms"});
}

TEST_CASE("a handler sees the time that its caller still waits in virtual time", "[own broker]") {
  VirtualWorld world;
  world.server->serve("left", [](Context& context) { return std::int64_t{context.time_left() / 1ms}; });
  world.opens_client();
  world.calls("left", {.timeout = 10s, .declare = client::QueueOptions{}});
  world.passes(4s);
  CHECK(world.results.empty());
  world.opens_server();
  CHECK(world.results == std::vector<std::string>{"6000 after 4000 ms"});
}

TEST_CASE("connections with heartbeats live through days of virtual time", "[own broker]") {
  VirtualWorld world;
  world.server->serve("twice", [](std::int64_t n) { return 2 * n; });
  world.opens_server();
  world.opens_client();
  world.passes(48h);
  CHECK(world.broker->broker().connection_count() == 2);
  world.calls("twice", {.timeout = 1s}, std::int64_t{21});
  CHECK(world.results == std::vector<std::string>{"42 after 172800000 ms"});
}

TEST_CASE("retries pause, and middleware measures, in virtual time", "[own broker]") {
  VirtualWorld world;
  const client::CallMetrics metrics;
  world.rpc->use(metrics.middleware());
  world.rpc->use(client::retry(world.context.get_executor(),
                               {.attempts = 3, .backoff_min = 1min, .backoff_max = 1h, .jitter = 0}));
  world.opens_client();
  world.calls("nowhere", {.timeout = 24h, .idempotent = true}, 1);
  world.passes(3min - 1ms);
  CHECK(world.results.empty());
  world.passes(1ms);
  CHECK(world.results == std::vector<std::string>{"unavailable after 180000 ms"});
  CHECK(metrics.snapshot().at("nowhere").longest == 3min);
}

TEST_CASE("a server measures its handlers in virtual time", "[own broker]") {
  VirtualWorld world;
  const RequestMetrics metrics;
  Answered answer;
  world.server->use(metrics.middleware());
  world.server->use([&](Context&, const NextHandler&, Answered answered) { answer = std::move(answered); });
  world.server->serve("slow", [] { return std::int64_t{0}; });
  world.opens_server();
  world.opens_client();
  world.calls("slow", {.timeout = 1h});
  world.passes(5min);
  REQUIRE(answer);
  answer({.payload = {"7"}});
  world.settles();
  CHECK(world.results == std::vector<std::string>{"7 after 300000 ms"});
  CHECK(metrics.snapshot().at("slow").longest == 5min);
}

}  // namespace
}  // namespace pocketmq::server
