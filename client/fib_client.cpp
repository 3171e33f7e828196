// The client of RabbitMQ's sixth tutorial: fib_client [URL] [N] [--quorum]
#include <csignal>
#include <cstdint>
#include <iostream>
#include <stdexcept>
#include <string>

#include <CLI/CLI.hpp>

#include "client/rpc_client.hpp"
#include "client/stop_signals.hpp"
#include "protocol/base/printable.hpp"
#include "protocol/base/process_name.hpp"
#include "protocol/base/whole_number.hpp"

namespace {

using namespace pocketmq::client;

std::string fault_of_n(std::string& n) {
  if (pocketmq::protocol::fault_of_whole_number(n, 0, 90).empty()) return {};
  return "must be a whole number from 0 to 90, so that fib(N) fits in 64 bits; '" + n + "' is not";
}

void say(const std::exception& error) {
  std::cerr << "fib_client: " << pocketmq::protocol::printable(error.what()) << '\n';
}

}  // namespace

int main(int argc, char** argv) try {
  std::string url = "amqp+json://guest:guest@localhost:5672/";
  std::int64_t n = 30;
  bool quorum = false;
  auto name = pocketmq::protocol::process_name("fib_client");
  CLI::App arguments{"Asks a fib_server for a Fibonacci number"};
  arguments.add_option("URL", url, "the broker; amqp://... for AMQP 0-9-1")->capture_default_str();
  arguments.add_option("N", n, "which Fibonacci number, from 0 to 90")
      ->capture_default_str()
      ->transform(CLI::Validator{fault_of_n, ""});
  arguments.add_flag("--quorum", quorum, "use a durable quorum queue");
  arguments.add_option("--name", name, "what the broker's log and trace call this program")
      ->default_str("fib_client and its process number");
  CLI11_PARSE(arguments, argc, argv);

  RpcClient rpc{url, {.connection = {.name = name}}};
  const StopSignals signals{
      SIGINT, SIGTERM};  // the first cancels the call, and so the server's handler; a second ends this program
  auto fib =
      rpc.procedure<std::int64_t(std::int64_t)>(
             "rpc_queue", {.declare = quorum ? QueueOptions::quorum() : QueueOptions{}, .require_consumer = true})
          .with(signals.token());

  std::cout << "[x] Requesting fib(" << n << ")" << std::endl;
  try {
    const auto answer = fib(n);
    std::cout << "[.] Got " << answer << std::endl;
    if (!std::cout) throw std::runtime_error{"cannot write to standard output"};
  } catch (const RpcError& error) {
    if (signals.received() == 0) throw;
    say(error);
    return signals.exit_status();
  }
} catch (const std::exception& error) {
  say(error);
  return 1;
}
