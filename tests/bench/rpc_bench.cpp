// How fast calls are over loopback: one at a time, and a hundred in flight.
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

constexpr auto warm_up = 300ms;
constexpr auto measured = 2s;
constexpr std::size_t in_flight = 100;

double percentile(const std::vector<double>& sorted, double share) {
  return sorted[static_cast<std::size_t>(share * static_cast<double>(sorted.size() - 1))];
}

std::vector<double> one_at_a_time(client::Procedure<int(int)>& echo, Clock::duration duration) {
  std::vector<double> micros;
  for (auto now = Clock::now(), end = now + duration; now < end;) {
    echo(1);
    const auto after = Clock::now();
    micros.push_back(Micros{after - now}.count());
    now = after;
  }
  std::ranges::sort(micros);
  return micros;
}

// Each call that completes makes the next, until the time is over.
double calls_per_second(client::Procedure<int(int)>& echo, Clock::duration duration) {
  std::promise<void> over;
  const auto begin = Clock::now();
  std::size_t calls = 0;
  std::size_t running = in_flight;
  std::function<void(const std::exception_ptr&, int)> next = [&](const std::exception_ptr& error, int) {
    if (error) std::rethrow_exception(error);
    ++calls;
    if (Clock::now() - begin < duration)
      echo.async(1, next);
    else if (--running == 0)
      over.set_value();
  };
  for (std::size_t i = 0; i < in_flight; ++i) echo.async(1, next);
  over.get_future().wait();
  return static_cast<double>(calls) / std::chrono::duration<double>{Clock::now() - begin}.count();
}

void bench(const std::string& name, const std::string& url) {
  server::RpcServer server{url, {.prefetch = in_flight}};
  server.serve("rpc_bench", [](int n) { return n; });
  server.start();
  client::RpcClient rpc{url};
  auto echo = rpc.procedure<int(int)>("rpc_bench");

  one_at_a_time(echo, warm_up);
  const auto micros = one_at_a_time(echo, measured);
  calls_per_second(echo, warm_up);
  const auto rate = calls_per_second(echo, measured);
  std::printf("%-12s one call at a time: p50 %.1f us, p99 %.1f us; %zu in flight: %.0f calls/s\n", name.c_str(),
              percentile(micros, 0.50), percentile(micros, 0.99), in_flight, rate);
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
