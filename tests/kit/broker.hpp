// A broker for tests, in this process, with everything that the test kit can do to it. Applications connect to it by
// its port, with any AMQP client. README.md has a first program.
//
//     testkit::Broker broker;
//     auto scope = broker.scope("retry");                    // scope.url() is for the application
//     scope.fault(on("basic.publish").nth(2), fault::Nack{});
//     scope.await(drained());
//     broker.advance(24h);
//     scope.close();                                         // throws if something was left behind
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "broker/core/options.hpp"
#include "tests/kit/scope.hpp"

namespace pocketmq::broker {
class Testbed;
}  // namespace pocketmq::broker

namespace pocketmq::testkit {

/// What has come back after a restart, and what has not. A message counts once for each queue.
struct Restarted {
  struct Content {
    std::size_t queues{0};
    std::size_t exchanges{0};
    std::size_t bindings{0};
    std::size_t messages{0};
  };
  Content kept{};
  Content lost{};
};

/// The broker has a thread and a port of its own. All calls may be made on any other thread. They throw Failure, with a
/// sentence, for what cannot be done.
class Broker {
 public:
  /// It listens when the constructor returns. Throws std::system_error if it cannot listen.
  explicit Broker(broker::Options options = {});
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;
  /// Closes all connections. Scopes must not be used afterwards.
  ~Broker();

  /// A virtual host of its own, whose name begins with `name`, with a user of its own. `allowance` says what it may
  /// leave behind. Throws Failure for a name with other characters than letters, digits and "-_.".
  [[nodiscard]] Scope scope(std::string_view name, broker::Allowance allowance = {});

  [[nodiscard]] std::uint16_t port() const;
  /// "amqp://guest:guest@127.0.0.1:49152/", for what is not in a scope.
  [[nodiscard]] std::string url() const;

  /// The broker's clock, which all scopes share. Message and queue TTLs, ack timeouts and the delays of faults go by
  /// it; connections and the clients' own timers do not. `advance` goes from deadline to deadline, and returns when all
  /// that was due has happened.
  void freeze_clock();
  void run_clock();
  void advance(std::chrono::nanoseconds time);

  /// Restarts the broker without a disk: all connections are closed with 320, what is durable comes back, the rest is
  /// lost. Returns when clients can connect again.
  Restarted restart();

  /// Runs `f(broker::Testbed&)` on the broker's thread (broker/control/testbed.hpp), waits for it, and returns what it
  /// returns or throws what it throws.
  template <std::invocable<broker::Testbed&> F> auto inspect(F&& f) {
    using Result = std::invoke_result_t<F, broker::Testbed&>;
    if constexpr (std::is_void_v<Result>) {
      run([&](broker::Testbed& testbed) { std::invoke(std::forward<F>(f), testbed); });
    } else {
      std::optional<Result> result;
      run([&](broker::Testbed& testbed) { result.emplace(std::invoke(std::forward<F>(f), testbed)); });
      return std::move(*result);
    }
  }

 private:
  void run(const std::function<void(broker::Testbed&)>& look);

  std::shared_ptr<TestedBroker> broker_;
};

}  // namespace pocketmq::testkit
