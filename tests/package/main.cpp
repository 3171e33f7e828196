// A user's first program: broker, server and client in one process.
#include <chrono>
#include <iostream>

#include <pocketmq/broker/embedded.hpp>
#include <pocketmq/client/rpc_client.hpp>
#include <pocketmq/server/rpc_server.hpp>

namespace {

int fib(int n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

}  // namespace

int main() {
  using namespace std::chrono_literals;

  pocketmq::broker::Embedded broker;

  pocketmq::server::RpcServer server{broker.url()};
  server.serve("fib", [](int n) { return fib(n); });
  server.start();

  pocketmq::client::RpcClient rpc{broker.url()};
  auto remote_fib = rpc.procedure<int(int)>("fib", {.timeout = 5s});
  const int answer = remote_fib(20);

  std::cout << "fib(20) = " << answer << '\n';
  return answer == fib(20) ? 0 : 1;
}
