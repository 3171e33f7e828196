// How fast calls are: one at a time, and a hundred in flight, with JSON and with raw bodies. Over loopback and over
// pipes between threads, with a callback queue and with direct reply-to; and over the pipe of a broker that shares a
// thread with client and server. Handlers run on their server's one thread, so that the server costs little beside the
// client; and once on a pool of threads, as they do by default. All are measured in turn, round after round.
//
//     rpc_bench [URL...]        without a URL: brokers in this process, in both encodings
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/thread_pool.hpp>
#include <asio/use_future.hpp>

#include "broker/embedded.hpp"
#include "broker/in_process.hpp"
#include "client/rpc_client.hpp"
#include "protocol/io/serial_executor.hpp"
#include "server/rpc_server.hpp"

namespace {

using namespace pocketmq;
using namespace std::chrono_literals;
using client::Bytes;
using Clock = std::chrono::steady_clock;
using Micros = std::chrono::duration<double, std::micro>;

constexpr auto one_round = 400ms;
constexpr std::size_t rounds = 5;  // after one to warm up
constexpr std::size_t in_flight = 100;

// The value below which that share of them is.
double percentile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(share * static_cast<double>(values.size() - 1))];
}

// Calls without end, that many at a time: each one that completes makes the next, until a round is over.
template <class T> class Calls {
 public:
  Calls(client::Procedure<T(T)> echo, T argument, std::size_t at_once)
      : echo_{std::move(echo)}, argument_{std::move(argument)}, running_{at_once} {}

  void begin(std::function<void()> over) {
    over_ = std::move(over);
    begun_ = Clock::now();
    for (std::size_t i = running_; i > 0; --i) call(begun_);
  }
  [[nodiscard]] const std::vector<double>& micros() const { return micros_; }
  [[nodiscard]] double per_second() const {
    return static_cast<double>(micros_.size()) / (Micros{took_}.count() / 1e6);
  }

 private:
  // One look at the clock for each call: it begins when the one before is over.
  void call(Clock::time_point from) {
    echo_.async(argument_, [this, from](const std::exception_ptr& error, const T&) {
      if (error) std::rethrow_exception(error);
      const auto now = Clock::now();
      micros_.push_back(Micros{now - from}.count());
      took_ = now - begun_;
      if (took_ < one_round) return call(now);
      if (--running_ == 0) over_();
    });
  }

  client::Procedure<T(T)> echo_;
  const T argument_;
  std::size_t running_;
  std::function<void()> over_;
  Clock::time_point begun_;
  Clock::duration took_{};
  std::vector<double> micros_;  // of each call
};

// Has calls begun where their client runs, and returns when they are over.
using Run = std::function<void(const std::function<void(std::function<void()> over)>& begin)>;

// What is called, and what was measured of it.
template <class T> struct Case {
  std::string name;
  client::RpcClient& rpc;
  std::string procedure;
  Run run;
  T argument;
  std::vector<double> micros{};  // of each call that was made alone
  std::vector<double> rates{};   // of each round

  void one_round_of() {
    const auto echo = rpc.procedure<T(T)>(procedure);
    const auto measure = [&](std::size_t at_once, auto&& record) {
      Calls<T> calls{echo, argument, at_once};
      run([&](std::function<void()> over) { calls.begin(std::move(over)); });
      record(calls);
    };
    measure(1,
            [&](const Calls<T>& calls) { micros.insert(micros.end(), calls.micros().begin(), calls.micros().end()); });
    measure(in_flight, [&](const Calls<T>& calls) { rates.push_back(calls.per_second()); });
  }
  void print() const {
    std::printf("%-54s one at a time: p50 %7.1f us, p99 %7.1f us;  %zu in flight: %9.0f calls/s\n", name.c_str(),
                percentile(micros, 0.50), percentile(micros, 0.99), in_flight, percentile(rates, 0.50));
  }
};

void serve_echoes(server::RpcServer& server, const std::string& prefix = {}) {
  server.serve(prefix + "json", [](int n) { return n; });
  server.serve(prefix + "bytes", [](Bytes bytes) { return bytes; });
}

// All of it happens on one thread: its handlers do not block.
class LeanServer {
 public:
  explicit LeanServer(const client::Urls& urls)
      : server_{executor_, urls, {.prefetch = in_flight, .executor = executor_}} {
    serve_echoes(server_);
    server_.async_start(asio::use_future).get();
  }

 private:
  asio::thread_pool thread_{1};
  protocol::SerialExecutor executor_{protocol::SerialExecutor::on(thread_.get_executor())};
  server::RpcServer server_;
};

// The same calls with JSON and with raw bodies.
class Pair {
 public:
  Pair(const std::string& name, client::RpcClient& rpc, Run run, const std::string& prefix = {})
      : json_{name + ", int(int)", rpc, prefix + "json", run, 1},
        bytes_{name + ", 16 bytes", rpc, prefix + "bytes", std::move(run), Bytes{"0123456789abcdef"}} {}

  void one_round_of() {
    json_.one_round_of();
    bytes_.one_round_of();
  }
  void forget() {
    json_.micros.clear(), json_.rates.clear();
    bytes_.micros.clear(), bytes_.rates.clear();
  }
  void print() const {
    json_.print();
    bytes_.print();
  }

 private:
  Case<int> json_;
  Case<Bytes> bytes_;
};

void measure(std::vector<Pair>& pairs) {
  for (std::size_t round = 0; round <= rounds; ++round)
    for (auto& pair : pairs) {
      pair.one_round_of();
      if (round == 0) pair.forget();
    }
  for (const auto& pair : pairs) pair.print();
}

// Client and server have a thread each, and so has the broker.
void bench_threads(const std::string& name, const client::Urls& urls) {
  const std::string pooled = "pooled-";
  const LeanServer lean{urls};
  server::RpcServer pool{urls, {.prefetch = in_flight}};
  serve_echoes(pool, pooled);
  pool.start();
  client::RpcClient queue{urls, {.reply = client::ReplyTo::callback_queue}};
  client::RpcClient direct{urls, {.reply = client::ReplyTo::direct}};
  const auto on_its_thread = [](client::RpcClient& rpc) {
    return [&rpc](const auto& begin) {
      std::promise<void> over;
      asio::post(rpc.executor(), [&] { begin([&] { over.set_value(); }); });
      over.get_future().wait();
    };
  };
  std::vector<Pair> pairs;
  pairs.emplace_back(name + ", callback queue", queue, on_its_thread(queue));
  pairs.emplace_back(name + ", direct reply-to", direct, on_its_thread(direct));
  pairs.emplace_back(name + ", handlers on a pool", queue, on_its_thread(queue), pooled);
  measure(pairs);
}

// Client, server and broker share this thread.
void bench_one_thread(const std::string& name, protocol::Encoding encoding) {
  asio::io_context context{1};
  broker::InProcess broker{context};
  client::RpcClient rpc{broker.executor(), broker.pipe(encoding)};
  server::RpcServer server{rpc.executor(), broker.pipe(encoding), {.prefetch = in_flight, .executor = rpc.executor()}};
  serve_echoes(server);
  server.async_start([&](std::error_code failed) {
    if (failed) throw std::system_error{failed};
    rpc.async_open([&](std::error_code refused) {
      if (refused) throw std::system_error{refused};
      context.stop();
    });
  });
  context.run();
  std::vector<Pair> pairs;
  pairs.emplace_back(name, rpc, [&](const auto& begin) {
    asio::post(rpc.executor(), [&] { begin([&] { context.stop(); }); });
    context.restart();
    context.run();
  });
  measure(pairs);
}

}  // namespace

int main(int argc, char** argv) try {
  for (int i = 1; i < argc; ++i) bench_threads(argv[i], argv[i]);
  if (argc > 1) return 0;
  broker::Embedded broker;
  bench_threads("tcp, json", broker.url(protocol::Encoding::json));
  bench_threads("tcp, amqp", broker.url(protocol::Encoding::amqp));
  bench_threads("pipe between threads, amqp", broker.pipe(protocol::Encoding::amqp));
  bench_one_thread("pipe, one thread, json", protocol::Encoding::json);
  bench_one_thread("pipe, one thread, amqp", protocol::Encoding::amqp);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "rpc_bench: %s\n", error.what());
  return 1;
}
