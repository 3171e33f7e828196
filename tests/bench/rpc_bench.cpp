// How fast calls are over loopback, with a callback queue and with direct reply-to: one at a time, and a hundred in
// flight. Both are measured in turn, round after round.
//
//     rpc_bench [URL...]        without a URL: an embedded broker, in both encodings
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <future>
#include <string>
#include <vector>

#include <asio/use_future.hpp>

#include "broker/embedded.hpp"
#include "client/rpc_client.hpp"
#include "server/rpc_server.hpp"

namespace {

using namespace pocketmq;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Micros = std::chrono::duration<double, std::micro>;

constexpr auto one_round = 400ms;
constexpr std::size_t rounds = 5;  // after one to warm up
constexpr std::size_t in_flight = 100;

using Echo = client::Procedure<int(int)>;

// The value below which that share of them is.
double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

void one_at_a_time(const Echo& echo, std::vector<double>& micros) {
  for (auto now = Clock::now(), end = now + one_round; now < end;) {
    echo(1);
    const auto after = Clock::now();
    micros.push_back(Micros{after - now}.count());
    now = after;
  }
}

// Each call that completes makes the next, until the time is over.
double calls_per_second(const Echo& echo) {
  std::promise<void> over;
  const auto begin = Clock::now();
  std::size_t calls = 0;
  std::size_t running = in_flight;
  std::function<void(const std::exception_ptr&, int)> next = [&](const std::exception_ptr& error, int) {
    if (error) std::rethrow_exception(error);
    ++calls;
    if (Clock::now() - begin < one_round)
      echo.async(1, next);
    else if (--running == 0)
      over.set_value();
  };
  for (std::size_t i = 0; i < in_flight; ++i) echo.async(1, next);
  over.get_future().wait();
  return static_cast<double>(calls) / std::chrono::duration<double>{Clock::now() - begin}.count();
}

struct Case {
  Case(const char* name_, const std::string& url, client::ReplyTo reply)
      : name{name_}, rpc{url, {.reply = reply}}, echo{rpc.procedure<int(int)>("rpc_bench")} {}

  const char* name;
  client::RpcClient rpc;
  Echo echo;
  std::vector<double> micros{};  // of each call that was made alone
  std::vector<double> rates{};   // of each round
};

void bench(const std::string& name, const std::string& url) {
  server::RpcServer server{url, {.prefetch = in_flight}};
  server.serve("rpc_bench", [](int n) { return n; });
  server.start();
  Case queue{"callback queue", url, client::ReplyTo::callback_queue};
  Case direct{"direct reply-to", url, client::ReplyTo::direct};

  for (std::size_t round = 0; round <= rounds; ++round)
    for (auto* one : {&queue, &direct}) {
      one_at_a_time(one->echo, one->micros);
      one->rates.push_back(calls_per_second(one->echo));
      if (round > 0) continue;
      one->micros.clear();
      one->rates.clear();
    }
  for (const auto* one : {&queue, &direct})
    std::printf("%-12s %-16s one call at a time: p50 %.1f us, p99 %.1f us; %zu in flight: %.0f calls/s\n", name.c_str(),
                one->name, percentile(one->micros, 0.50), percentile(one->micros, 0.99), in_flight,
                percentile(one->rates, 0.50));
}

}  // namespace

int main(int argc, char** argv) try {
  for (int i = 1; i < argc; ++i) bench(argv[i], argv[i]);
  if (argc > 1) return 0;
  broker::Embedded broker;
  bench("rpc, json", broker.url(protocol::Encoding::json));
  bench("rpc, amqp", broker.url(protocol::Encoding::amqp));
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "rpc_bench: %s\n", error.what());
  return 1;
}
