// The server of RabbitMQ's tutorial six: fib_server [URL] [--quorum]
#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <iostream>
#include <stop_token>
#include <string>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "protocol/base/printable.hpp"
#include "protocol/base/process_name.hpp"
#include "protocol/io/line_writer.hpp"
#include "server/rpc_server.hpp"

namespace {

using namespace pocketmq;
using client::RpcCode;
using client::RpcError;
using std::chrono::steady_clock;

constexpr std::int64_t n_max = 90;
constexpr std::chrono::seconds work_max{30};  // for one number, because others wait

/// What may end the work on a number early.
struct Bounds {
  std::stop_token stop;  // requested when the caller has gone
  steady_clock::time_point deadline;

  void check() const {
    if (stop.stop_requested()) throw RpcError{RpcCode::cancelled, "nobody waits for the answer any more"};
    if (steady_clock::now() >= deadline)
      throw RpcError{RpcCode::deadline_exceeded,
                     "it takes longer than this server works on one number, 30 s; ask for a smaller one"};
  }
};

/// As in the tutorial: slow, so that there is something to wait for.
std::int64_t fib(std::int64_t n, const Bounds& bounds) {
  if (n == 25) bounds.check();  // fib(25) takes about a millisecond
  return n < 2 ? n : fib(n - 1, bounds) + fib(n - 2, bounds);
}

std::int64_t answer(server::Context& context, std::int64_t n, protocol::LineSink& output) {
  const auto request = "[.] fib(" + std::to_string(n) + ")";
  if (context.properties().reply_to.value_or("").empty()) {
    (void)output.write(request + " has no reply_to, so nobody waits for it: skipped\n");
    throw RpcError{RpcCode::cancelled, "nobody waits for the answer"};
  }
  (void)output.write(request + '\n');
  if (n < 0 || n > n_max)
    throw RpcError{RpcCode::invalid_argument, "N must be from 0 to " + std::to_string(n_max)
                                                  + ", so that fib(N) fits in 64 bits; " + std::to_string(n)
                                                  + " is not"};
  const auto work = std::min<std::chrono::milliseconds>(context.time_left(), work_max);
  return fib(n, {context.stop_token(), steady_clock::now() + work});
}

}  // namespace

int main(int argc, char** argv) try {
  std::string url = "amqp+json://guest:guest@localhost:5672/";
  bool quorum = false;
  auto name = protocol::process_name("fib_server");
  CLI::App arguments{"Serves Fibonacci numbers"};
  arguments.add_option("URL", url, "the broker; amqp://... for AMQP 0-9-1")->capture_default_str();
  arguments.add_flag("--quorum", quorum, "use a durable quorum queue");
  arguments.add_option("--name", name, "what the broker's log and trace call this program")
      ->default_str("fib_server and its process number");
  CLI11_PARSE(arguments, argc, argv);

  std::signal(SIGPIPE, SIG_IGN);  // the reader of the output may end first
  protocol::LineWriter output{STDOUT_FILENO};
  server::RpcServer server{url, {.prefetch = 1, .connection = {.name = name}}};
  const auto handler = [&](server::Context& context, std::int64_t n) { return answer(context, n, output); };
  server.serve("rpc_queue", handler, {.queue = quorum ? client::QueueOptions::quorum() : client::QueueOptions{}});

  server.start();
  (void)output.write("[x] Awaiting RPC requests\n");
  server.wait({SIGINT, SIGTERM});  // after the first signal it answers running requests, a second one ends it at once
} catch (const std::exception& error) {
  std::cerr << "fib_server: " << pocketmq::protocol::printable(error.what()) << '\n';
  return 1;
}
