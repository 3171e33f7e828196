// A whole system in one thread, on one virtual clock, from one seed: a broker, clients and servers. The same seed gives
// the same run, to the byte of the broker's journal. README.md has a first program.
//
//     testkit::World world;
//     auto& server = world.server();
//     server.serve("twice", [](int n) { return 2 * n; });
//     server.start();
//     auto twice = world.client().procedure<int(int)>("twice");
//     CHECK(twice(21) == 42);
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/co_spawn.hpp>
#include <asio/use_awaitable.hpp>

#include "broker/core/options.hpp"
#include "client/connection.hpp"
#include "client/rpc_client.hpp"
#include "protocol/end/loop_clock.hpp"
#include "protocol/url.hpp"
#include "server/rpc_server.hpp"
#include "tests/kit/failure.hpp"
#include "tests/kit/pending.hpp"

namespace pocketmq::broker {
class Broker;
}  // namespace pocketmq::broker

namespace pocketmq::testkit {

using Duration = std::chrono::nanoseconds;

template <class T>
concept Participant =
    std::same_as<T, client::RpcClient> || std::same_as<T, server::RpcServer> || std::same_as<T, client::Connection>;

struct WorldOptions {
  /// Decides every random number in the World: names, ids, pauses, and which handler runs next. Without it: the
  /// environment's POCKETMQ_SEED, or else a seed of its own in each run.
  std::optional<std::uint64_t> seed{};
  /// Of all participants.
  protocol::Encoding encoding{protocol::Encoding::amqp};
  /// `seed` and `begins_at` in there are the World's.
  broker::Options broker{};
  /// Of all participants; 0 for none. With heartbeats something can always happen, so that a wait for what never comes
  /// ends only after its `at_most`.
  std::chrono::seconds heartbeat{0};
  /// What the wall clocks show at the beginning: 2026-01-01, 00:00 UTC.
  protocol::WallTime begins_at{std::chrono::seconds{1'767'225'600}};
  /// How many handlers may run without time passing. More of them mean that something goes round in a circle.
  std::uint64_t handlers_max{1'000'000};
};

/// Everything belongs to the thread that made it. Time stands still while handlers run, and passes only in `advance`,
/// `run`, `run_until`, and in blocking calls of the test: `twice(21)` runs the World until there is a reply. Handlers
/// that the World runs must not block: those that wait are coroutines, or use callbacks. Of the World they may call
/// `now`, `elapsed`, `sleep`, `spawn`, `lose`, `unplug`, `plug_in` and what only looks.
///
/// Participants live as long as the World, unless `remove` or `crash` ends them. Timers, sockets and threads of your
/// own run in real time. The World does not wait for them: sleep with `sleep`.
class World {
 public:
  World() : World{WorldOptions{}} {}
  explicit World(std::uint64_t seed) : World{WorldOptions{.seed = seed}} {}
  explicit World(WorldOptions options);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  /// Ends all participants. No handler is called any more. If an exception is passing, writes the seed to standard
  /// error.
  ~World();

  // ---- participants

  /// A client, whose connection is being opened. Its calls wait for that. It has a name in the journal: "client-1",
  /// unless the options have one.
  client::RpcClient& client(client::RpcClientOptions options = {});
  /// A server, named "server-1". Add its handlers, then call its `start`. Handlers run on the World's thread too: in
  /// the options `executor` and `threads` mean nothing.
  server::RpcServer& server(server::RpcServerOptions options = {});
  /// A connection that is open, named "connection-1". Throws std::system_error if the broker refuses it.
  client::Connection& connection(client::ConnectionOptions options = {});

  /// For participants that a test makes itself: `RpcClient mine{world.executor(), world.url("mine")}`. They must end
  /// before the World. Each call of `executor` gives another executor; all of them run on the World's thread.
  [[nodiscard]] asio::any_io_executor executor();
  /// The URL of the broker, over the cable of that name.
  [[nodiscard]] protocol::Url url(std::string_view cable);

  /// Ends a participant as its destructor does: a server answers what its handlers have taken and stops.
  template <Participant P> void remove(P& participant) { end(&participant, End::orderly); }
  /// Ends a participant as the end of its process does: its connections are cut first.
  template <Participant P> void crash(P& participant) { end(&participant, End::crash); }

  // ---- time

  [[nodiscard]] protocol::TimePoint now() const;
  [[nodiscard]] protocol::WallTime wall_now() const;
  /// How much time has passed since the World's beginning.
  [[nodiscard]] Duration elapsed() const;

  /// Runs all handlers that are ready, and those that become ready, without time passing.
  void settle();
  /// Lets the time pass, deadline by deadline: every handler sees the time of its own deadline.
  void advance(Duration duration);
  /// Runs until `done` is true, and lets time pass as needed. It asks after each handler. Throws Failure as soon as
  /// nothing can happen any more, with what the broker still holds; and if it is not done `at_most` later.
  void run_until(const std::function<bool()>& done, Duration at_most = std::chrono::hours{24});
  /// Runs until the operation is over, and returns its result, or throws its error.
  template <class T> T run(const Pending<T>& operation, Duration at_most = std::chrono::hours{24}) {
    run_until([&] { return operation.is_ready(); }, at_most);
    return operation.take();
  }
  /// Runs a coroutine, and returns its result, or throws its exception.
  template <class T> T run(asio::awaitable<T> coroutine, Duration at_most = std::chrono::hours{24}) {
    return run(spawn(std::move(coroutine)), at_most);
  }
  /// Begins a coroutine, which runs when the World runs.
  template <class T> Pending<T> spawn(asio::awaitable<T> coroutine) {
    return asio::co_spawn(executor_of_test(), std::move(coroutine), pending);
  }

  /// Waits on the World's clock: void(std::error_code). It can be cancelled.
  template <class Token> auto sleep(Duration duration, Token&& token) {
    return asio::async_initiate<Token, void(std::error_code)>(
        [this](auto handler, Duration time) {
          const auto stop = client::stop_token_of(handler);
          start_sleep(time, stop, client::completion<std::error_code>(std::move(handler), executor_of_test()));
        },
        token, duration);
  }
  [[nodiscard]] asio::awaitable<void> sleep(Duration duration);

  // ---- the network

  /// Cuts the connections of a participant, or those over the cable of that name. What is on its way is lost. The
  /// participant notices and connects again, if it is one that does.
  void lose(std::string_view cable);
  template <Participant P> void lose(const P& participant) { lose(name_of(&participant)); }
  void lose_all();
  /// Cuts the connections, and each new one at once, until `plug_in`.
  void unplug(std::string_view cable);
  template <Participant P> void unplug(const P& participant) { unplug(name_of(&participant)); }
  void plug_in(std::string_view cable);
  template <Participant P> void plug_in(const P& participant) { plug_in(name_of(&participant)); }

  // ---- what happened

  /// The broker's journal from its start: NDJSON (broker/journal/README.md), with a header line.
  [[nodiscard]] const std::string& journal() const;
  /// The broker itself, to read its state (broker/inspect.hpp).
  [[nodiscard]] broker::Broker& broker();

  [[nodiscard]] std::uint64_t seed() const;
  /// A random number from the seed, for what a test wants to draw.
  [[nodiscard]] std::uint64_t random();
  /// Throws Failure with `what`, the seed and the time, unless `holds`.
  void expect(bool holds, std::string_view what) const;
  /// "seed 7, after 30s": for messages of the test framework.
  [[nodiscard]] std::string where() const;

 private:
  enum class End : std::uint8_t { orderly, crash };
  struct State;

  [[nodiscard]] const asio::any_io_executor& executor_of_test() const;
  void start_sleep(Duration duration, const std::stop_token& stop, client::Done<> done);
  [[nodiscard]] const std::string& name_of(const void* participant) const;
  void end(const void* participant, End how);

  std::unique_ptr<State> state_;
};

}  // namespace pocketmq::testkit
