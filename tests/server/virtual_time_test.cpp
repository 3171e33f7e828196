// In a World, time-outs, pauses and deadlines of clients and servers come when the clock is advanced, and at their
// exact times.
#include <string>
#include <vector>

#include "broker/inspect.hpp"
#include "tests/kit/world.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::server {
namespace {

using namespace std::chrono_literals;
using client::RpcError;
using protocol::Encoding;
using testkit::World;

// A World in each encoding, and the results of calls in it.
class TimedCalls {
 public:
  TimedCalls() : TimedCalls{GENERATE(Encoding::amqp, Encoding::json)} {}

  // Calls, and records the result or the error's code, with the time when it came.
  template <class... Args>
  void make(client::RpcClient& rpc, const std::string& queue, client::ProcedureOptions options, Args... args) {
    rpc.procedure<std::int64_t(Args...)>(queue, std::move(options))
        .async(args..., [this](const std::exception_ptr& thrown, std::int64_t result) {
          results.push_back((thrown ? code_of(thrown) : std::to_string(result)) + " after "
                            + std::to_string(world.elapsed() / 1ms) + " ms");
        });
    world.settle();
  }

  std::vector<std::string> results;
  World world;

 private:
  explicit TimedCalls(Encoding encoding) : world{{.seed = 1, .encoding = encoding, .heartbeat = 10s}} {}

  static std::string code_of(const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const RpcError& error) {
      return std::string{name_of(error.code())};
    }
  }
};

TEST_CASE("a call that nobody answers ends at its deadline in virtual time", "[own broker]") {
  TimedCalls calls;
  auto& rpc = calls.world.client();
  calls.make(rpc, "idle", {.timeout = 30min, .declare = client::QueueOptions{}}, 1);
  calls.world.advance(30min - 1ms);
  CHECK(calls.results.empty());
  CHECK(calls.world.broker().connection_count() == 1);
  calls.world.advance(1ms);
  CHECK(calls.results == std::vector<std::string>{"deadline_exceeded after 1800000 ms"});
}

TEST_CASE("a handler sees the time that its caller still waits in virtual time", "[own broker]") {
  TimedCalls calls;
  auto& server = calls.world.server();
  server.serve("left", [](Context& context) { return std::int64_t{context.time_left() / 1ms}; });
  calls.make(calls.world.client(), "left", {.timeout = 10s, .declare = client::QueueOptions{}});
  calls.world.advance(4s);
  CHECK(calls.results.empty());
  server.start();
  calls.world.settle();
  CHECK(calls.results == std::vector<std::string>{"6000 after 4000 ms"});
}

TEST_CASE("connections with heartbeats live through days of virtual time", "[own broker]") {
  TimedCalls calls;
  auto& server = calls.world.server();
  server.serve("twice", [](std::int64_t n) { return 2 * n; });
  server.start();
  auto& rpc = calls.world.client();
  calls.world.advance(48h);
  CHECK(calls.world.broker().connection_count() == 2);
  calls.make(rpc, "twice", {.timeout = 1s}, std::int64_t{21});
  CHECK(calls.results == std::vector<std::string>{"42 after 172800000 ms"});
}

TEST_CASE("retries pause, and middleware measures, in virtual time", "[own broker]") {
  TimedCalls calls;
  auto& rpc = calls.world.client();
  const client::CallMetrics metrics;
  rpc.use(metrics.middleware());
  rpc.use(client::retry(calls.world.executor(), {.attempts = 3, .backoff_min = 1min, .backoff_max = 1h, .jitter = 0}));
  calls.make(rpc, "nowhere", {.timeout = 24h, .idempotent = true}, 1);
  calls.world.advance(3min - 1ms);
  CHECK(calls.results.empty());
  calls.world.advance(1ms);
  CHECK(calls.results == std::vector<std::string>{"unavailable after 180000 ms"});
  CHECK(metrics.snapshot().at("nowhere").longest == 3min);
}

TEST_CASE("a server measures its handlers in virtual time", "[own broker]") {
  TimedCalls calls;
  const RequestMetrics metrics;
  Answered answer;
  auto& server = calls.world.server();
  server.use(metrics.middleware());
  server.use([&](Context&, const NextHandler&, Answered answered) { answer = std::move(answered); });
  server.serve("slow", [] { return std::int64_t{0}; });
  server.start();
  calls.make(calls.world.client(), "slow", {.timeout = 1h});
  calls.world.advance(5min);
  REQUIRE(answer);
  answer({.payload = {"7"}});
  calls.world.settle();
  CHECK(calls.results == std::vector<std::string>{"7 after 300000 ms"});
  CHECK(metrics.snapshot().at("slow").longest == 5min);
}

}  // namespace
}  // namespace pocketmq::server
