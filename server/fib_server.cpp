// The server of RabbitMQ's tutorial six: fib_server [URL] [--quorum]
#include <csignal>
#include <iostream>

#include <CLI/CLI.hpp>

#include "server/rpc_server.hpp"

int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

int main(int argc, char** argv) try {
  std::string url = "amqp+json://guest:guest@localhost:5672/";
  bool quorum = false;
  CLI::App arguments{"Serves Fibonacci numbers"};
  arguments.add_option("URL", url, "the broker; amqp://... for AMQP 0-9-1")->capture_default_str();
  arguments.add_flag("--quorum", quorum, "use a durable quorum queue");
  CLI11_PARSE(arguments, argc, argv);

  using namespace pocketmq;
  server::RpcServer server{url, {.prefetch = 1, .connection = {.name = "fib_server"}}};
  const auto answer = [](int n) {
    std::cout << "[.] fib(" << n << ")" << std::endl;
    return fib(n);
  };
  server.serve("rpc_queue", answer, {.queue = quorum ? client::QueueOptions::quorum() : client::QueueOptions{}});

  server.start();
  std::cout << "[x] Awaiting RPC requests" << std::endl;
  server.wait({SIGINT, SIGTERM});
} catch (const std::exception& error) {
  std::cerr << "fib_server: " << error.what() << '\n';
  return 1;
}
