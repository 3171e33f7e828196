// A broker in this process, on its own thread and its own port. By default the port is a free one of the loopback
// address.
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
namespace http {
class HttpEntrance;
}

/// Makes what answers HTTP for a broker: `with_http()` of embedded_http.hpp, which is in the library pocketmq::http.
using HttpMaker = std::function<std::shared_ptr<http::HttpEntrance>(Broker&)>;

/// Where an embedded broker listens.
struct ListenOn {
  std::string address{"127.0.0.1"};  // IPv4, IPv6, or a name, as in listen_address.hpp
  std::uint16_t port{0};             // 0 for a free one
  HttpMaker http{};                  // empty: HTTP is not answered
};

/// The broker listens when the constructor returns. The destructor closes all connections, stops the broker and joins
/// its thread. Afterwards another broker may listen on the same port at once, and clients that reconnect find it.
class Embedded {
 public:
  /// Throws std::system_error if it cannot listen there, std::runtime_error if the address is unknown. `observer`
  /// (observer.hpp) is called on the broker's thread and must outlive the broker. With `where.http` the journal keeps
  /// its last 4 MiB, unless `options` say otherwise.
  explicit Embedded(Options options = {}, Observer* observer = nullptr, const ListenOn& where = {});
  Embedded(const Embedded&) = delete;
  Embedded& operator=(const Embedded&) = delete;
  ~Embedded();

  [[nodiscard]] std::uint16_t port() const;
  /// The URL for clients, with the user guest: "amqp+json://guest:guest@127.0.0.1:49152/", or the same with "amqp://".
  [[nodiscard]] std::string url(protocol::Encoding encoding = protocol::Encoding::json) const;

  /// The URL for clients in this process, which connect without a socket, with the user guest; see InProcess.
  [[nodiscard]] protocol::Url pipe(protocol::Encoding encoding = protocol::Encoding::amqp) const;

  /// The broker's clock, for tests: what is kept for clients goes by it (message and queue TTLs, ack timeouts,
  /// timestamps). Connections and the clients' own timers go by the real time. `advance_clock` goes from deadline to
  /// deadline, and returns when all that was due has happened; call it from another thread than the broker's. It throws
  /// std::invalid_argument for a time that is negative or longer than a hundred years.
  void freeze_clock();
  void run_clock();
  void advance_clock(std::chrono::nanoseconds time);

  /// Runs `f(Broker&)` on the broker's thread, waits for it, and returns what it returns or throws what it throws. `f`
  /// may read everything (inspect.hpp) and must not keep references. What it lets the broker do later is done.
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
