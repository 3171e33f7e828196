// Calls that are cancelled: by Asio's cancellation slots, and by stop tokens.
#include <future>

#include <asio/bind_cancellation_slot.hpp>
#include <asio/cancellation_signal.hpp>
#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include "client/rpc_client.hpp"
#include "tests/client/any_encoding.hpp"
#include "tests/client/link/hand_made_server.hpp"
#include "tests/support/broker_under_test.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::client {
namespace {

using namespace std::chrono_literals;

// A server that never answers, and says when it was asked.
struct SilentWorld {
  tests::BrokerUnderTest broker;
  const std::string url{broker.url(any_encoding())};
  std::promise<void> asked;
  HandMadeServer server{url, "silent", [this](HandMadeServer&, const Message&) { asked.set_value(); }};
  RpcClient rpc{url};
  Procedure<int(int)> silent{rpc.procedure<int(int)>("silent", {.timeout = 1h})};
};

std::string text_of(const std::exception_ptr& error) {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const std::exception& what) {
    return what.what();
  }
  return "it did not fail";
}

const std::string by_caller = "cancelled: the caller cancelled the call";

TEST_CASE("a cancellation slot cancels a call, and its server is told") {
  SilentWorld world;
  asio::cancellation_signal signal;
  std::promise<std::string> result;
  world.silent.async(1, asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr& error, int) {
                       result.set_value(text_of(error));
                     }));
  world.asked.get_future().get();
  signal.emit(asio::cancellation_type::total);  // too late to undo it
  signal.emit(asio::cancellation_type::terminal);
  CHECK(result.get_future().get() == by_caller);
  CHECK(world.server.cancelled() == "1");
  signal.emit(asio::cancellation_type::terminal);
}

TEST_CASE("a coroutine that is cancelled cancels its call") {
  SilentWorld world;
  asio::io_context io;
  asio::cancellation_signal signal;
  std::string result;
  const auto call = [&]() -> asio::awaitable<int> { co_return co_await world.silent.async(1, asio::use_awaitable); };
  asio::co_spawn(io, call(), asio::bind_cancellation_slot(signal.slot(), [&](const std::exception_ptr& error, int) {
                   result = text_of(error);
                 }));
  io.poll();
  world.asked.get_future().get();
  signal.emit(asio::cancellation_type::terminal);
  io.run();
  CHECK(result == by_caller);
}

TEST_CASE("a stop token cancels calls of each style, also those that are not made yet") {
  SilentWorld world;
  std::stop_source stop;
  auto stoppable = world.silent.with(stop.get_token());
  auto waiting = std::async(std::launch::async, [&] { return stoppable(1); });
  world.asked.get_future().get();
  stop.request_stop();
  CHECK_THROWS_WITH(waiting.get(), by_caller);
  CHECK_THROWS_WITH(stoppable(2), "cancelled: the call was cancelled before it was made");
  CHECK(world.server.cancelled() == "1");
}

TEST_CASE("a stream's next element is cancelled with its stream") {
  tests::BrokerUnderTest broker;
  const auto url = broker.url(any_encoding());
  std::promise<void> asked;
  HandMadeServer server{url, "count", [&](HandMadeServer&, const Message&) { asked.set_value(); }};
  RpcClient rpc{url};
  auto stream = rpc.procedure<Stream<int>(int)>("count", {.timeout = 1h})(1);
  asked.get_future().get();
  asio::cancellation_signal signal;
  std::promise<std::string> result;
  stream.async_next(asio::bind_cancellation_slot(
      signal.slot(), [&](const std::exception_ptr& error, std::optional<int>) { result.set_value(text_of(error)); }));
  signal.emit(asio::cancellation_type::terminal);
  CHECK(result.get_future().get() == by_caller);
}

}  // namespace
}  // namespace pocketmq::client
