// A broker in this process, on a thread of its own and a port, by default a free one of loopback.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "broker/core/options.hpp"
#include "protocol/url.hpp"

namespace pocketmq::broker {

class Broker;
class Observer;

/// Where an embedded broker listens.
struct ListenOn {
  std::string address{"127.0.0.1"};  // of either version, or a name, as in listen_address.hpp
  std::uint16_t port{0};             // 0 takes a free one
};

/// Ready when constructed. The destructor closes all connections, stops the broker and joins its thread. Another one
/// may then listen on the same port at once, and clients that connect again find it.
class Embedded {
 public:
  /// Throws std::system_error if it cannot listen there, std::runtime_error if there is no such address. `observer`
  /// (observer.hpp), called on the broker's thread, must outlive the broker.
  explicit Embedded(Options options = {}, Observer* observer = nullptr, const ListenOn& where = {});
  Embedded(const Embedded&) = delete;
  Embedded& operator=(const Embedded&) = delete;
  ~Embedded();

  [[nodiscard]] std::uint16_t port() const;
  /// Where a client reaches it, as guest: "amqp+json://guest:guest@127.0.0.1:49152/", or with "amqp://".
  [[nodiscard]] std::string url(protocol::Encoding encoding = protocol::Encoding::json) const;

  /// Where a client of this process reaches it as guest without a socket; see InProcess.
  [[nodiscard]] protocol::Url pipe(protocol::Encoding encoding = protocol::Encoding::amqp) const;

  /// The broker's clock, for tests: what is kept for clients goes by it (message and queue TTLs, ack timeouts,
  /// timestamps). Connections and the clients' own timers go by the real time. `advance_clock` goes from deadline to
  /// deadline, and returns when all that was due has happened; call it from another thread than the broker's. It throws
  /// std::invalid_argument for a time that is negative or longer than a hundred years.
  void freeze_clock();
  void run_clock();
  void advance_clock(std::chrono::nanoseconds time);

  /// Runs `f(Broker&)` on the broker's thread, waits, and returns what it returns or throws what it throws. `f` may
  /// look at everything (inspect.hpp), and must not keep references.
  template <std::invocable<Broker&> F> auto inspect(F&& f) {
    using Result = std::invoke_result_t<F, Broker&>;
    if constexpr (std::is_void_v<Result>) {
      run([&](Broker& broker) { std::invoke(std::forward<F>(f), broker); });
    } else {
      std::optional<Result> result;
      run([&](Broker& broker) { result.emplace(std::invoke(std::forward<F>(f), broker)); });
      return std::move(*result);
    }
  }

 private:
  struct Impl;

  void run(const std::function<void(Broker&)>& look);

  const std::unique_ptr<Impl> impl_;
};

}  // namespace pocketmq::broker
