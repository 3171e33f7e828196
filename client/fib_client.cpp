// The client of RabbitMQ's tutorial six: fib_client [URL] [N] [--quorum]
#include <iostream>

#include <CLI/CLI.hpp>

#include "client/rpc_client.hpp"

int main(int argc, char** argv) try {
  std::string url = "amqp+json://guest:guest@localhost:5672/";
  int n = 30;
  bool quorum = false;
  CLI::App arguments{"Asks a fib_server for a Fibonacci number"};
  arguments.add_option("URL", url, "the broker; amqp://... for AMQP 0-9-1")->capture_default_str();
  arguments.add_option("N", n, "which Fibonacci number")->capture_default_str();
  arguments.add_flag("--quorum", quorum, "use a durable quorum queue");
  CLI11_PARSE(arguments, argc, argv);

  using namespace pocketmq::client;
  RpcClient rpc{url, {.connection = {.name = "fib_client"}}};
  auto fib = rpc.procedure<int(int)>("rpc_queue", {.declare = quorum ? QueueOptions::quorum() : QueueOptions{}});

  std::cout << "[x] Requesting fib(" << n << ")" << std::endl;
  const int answer = fib(n);
  std::cout << "[.] Got " << answer << std::endl;
} catch (const std::exception& error) {
  std::cerr << "fib_client: " << error.what() << '\n';
  return 1;
}
