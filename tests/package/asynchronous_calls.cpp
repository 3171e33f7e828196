// Runs README's asynchronous calls, each of which is a statement of a coroutine that has an `add`.
#include <chrono>
#include <exception>
#include <iostream>

#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_awaitable.hpp>
#include <asio/use_future.hpp>
#include <pocketmq/broker/embedded.hpp>
#include <pocketmq/client/rpc_client.hpp>
#include <pocketmq/server/rpc_server.hpp>

namespace {

asio::awaitable<void> call(pocketmq::client::Procedure<int(int, int)>& add) {
#include "asynchronous-calls"
  std::cout << f.get() << ' ' << sum << '\n';
}

}  // namespace

int main() {
  pocketmq::broker::Embedded broker;
  pocketmq::server::RpcServer server{broker.url()};
  server.serve("add", [](int a, int b) { return a + b; });
  server.start();

  pocketmq::client::RpcClient rpc{broker.url()};
  auto add = rpc.procedure<int(int, int)>("add", {.timeout = std::chrono::seconds{10}});
  asio::io_context io;
  asio::co_spawn(io, call(add), [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  });
  io.run();
}
