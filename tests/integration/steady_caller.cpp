// A caller for tests that break what is around it: steady_caller URLS QUEUE [--in-flight N] [--idempotent]
//
// Calls QUEUE, which is to give back its argument, with 1, 2, 3, ... and prints a line for each call that completes:
// "7 ok", or "7 unavailable connection_lost". When standard input ends it makes no more calls, waits for those under
// way, and prints how many calls there were and how many replies came that nobody waited for: "39 calls, 0 dropped".
#include <array>
#include <chrono>
#include <iostream>
#include <string>

#include <unistd.h>

#include <CLI/CLI.hpp>
#include <asio/bind_executor.hpp>
#include <asio/io_context.hpp>
#include <asio/posix/stream_descriptor.hpp>
#include <asio/steady_timer.hpp>

#include "client/rpc_client.hpp"

namespace {

using namespace pocketmq::client;
using namespace std::chrono_literals;

class SteadyCaller {
 public:
  SteadyCaller(asio::io_context& io, Procedure<int(int)> echo, int in_flight) : io_{io}, echo_{std::move(echo)} {
    for (int i = 0; i < in_flight; ++i) call();
    wait_for_end_of_input();
  }

  [[nodiscard]] int calls() const { return calls_; }

 private:
  void call() {
    if (is_ending_) return;
    const auto number = ++calls_;
    echo_.async(number, asio::bind_executor(io_, [this, number](const std::exception_ptr& error, int echoed) {
                  std::cout << number << ' ' << outcome(error, number == echoed) << std::endl;
                  if (error)
                    call_later();
                  else
                    call();
                }));
  }

  // What fails at once is not tried as fast as it fails.
  void call_later() {
    auto pause = std::make_shared<asio::steady_timer>(io_, 10ms);
    pause->async_wait([this, pause](std::error_code) { call(); });
  }

  static std::string outcome(const std::exception_ptr& error, bool is_right) try {
    if (error) std::rethrow_exception(error);
    return is_right ? "ok" : "wrong";
  } catch (const RpcError& failure) {
    return std::string{name_of(failure.code())} + ' ' + failure.reason();
  }

  void wait_for_end_of_input() {
    input_.async_read_some(asio::buffer(ignored_), [this](std::error_code error, std::size_t) {
      if (error)
        is_ending_ = true;
      else
        wait_for_end_of_input();
    });
  }

  asio::io_context& io_;
  const Procedure<int(int)> echo_;
  asio::posix::stream_descriptor input_{io_, ::dup(STDIN_FILENO)};
  std::array<char, 64> ignored_{};
  int calls_{0};
  bool is_ending_{false};
};

}  // namespace

int main(int argc, char** argv) try {
  std::string urls, queue;
  int in_flight = 1;
  ProcedureOptions options{.timeout = 20s};
  CLI::App app;
  app.add_option("URLS", urls)->required();
  app.add_option("QUEUE", queue)->required();
  app.add_option("--in-flight", in_flight);
  app.add_flag("--idempotent", options.idempotent);
  CLI11_PARSE(app, argc, argv);

  asio::io_context io;
  RpcClient rpc{urls};
  SteadyCaller caller{io, rpc.procedure<int(int)>(queue, options), in_flight};
  io.run();
  std::cout << caller.calls() << " calls, " << rpc.dropped_replies() << " dropped" << std::endl;
} catch (const std::exception& error) {
  std::cerr << "steady_caller: " << error.what() << '\n';
  return 1;
}
