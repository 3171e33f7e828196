// A broker in this process, on a thread of its own and a port, by default a free one of loopback.
#pragma once

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>

#include <asio/dispatch.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "broker/host/listener.hpp"
#include "broker/in_process.hpp"

namespace pocketmq::broker {

/// Where an embedded broker listens.
struct ListenOn {
  std::string address{"127.0.0.1"};  // of either version, or a name, as in listen_address.hpp
  std::uint16_t port{0};             // 0 takes a free one
};

/// Ready when constructed. The destructor closes all connections, stops the broker and joins its thread. Another one
/// may then listen on the same port at once, and clients that connect again find it.
class Embedded {
 public:
  /// Throws std::system_error if it cannot listen there, std::runtime_error if there is no such address. `observer`,
  /// called on the broker's thread, must outlive the broker.
  explicit Embedded(Options options = {}, Observer* observer = nullptr, const ListenOn& where = {});
  Embedded(const Embedded&) = delete;
  Embedded& operator=(const Embedded&) = delete;
  ~Embedded();

  [[nodiscard]] std::uint16_t port() const { return address_.port(); }
  /// Where a client reaches it, as guest: "amqp+json://guest:guest@127.0.0.1:49152/", or with "amqp://".
  [[nodiscard]] std::string url(protocol::Encoding encoding = protocol::Encoding::json) const;

  /// Where a client of this process reaches it as guest without a socket; see InProcess.
  [[nodiscard]] protocol::Url pipe(protocol::Encoding encoding = protocol::Encoding::amqp) const;

  /// Runs `f(Broker&)` on the broker's thread, waits, and returns what it returns or throws what it throws. `f` may
  /// look at everything, and must not keep references.
  template <class F> auto inspect(F&& f) -> std::invoke_result_t<F, Broker&> {
    std::packaged_task<std::invoke_result_t<F, Broker&>()> task{[&] { return f(broker_); }};
    auto result = task.get_future();
    asio::dispatch(context_, [&task] { task(); });
    return result.get();
  }

 private:
  asio::io_context context_{1};
  Broker broker_;
  Listener listener_;
  asio::ip::tcp::endpoint address_;
  std::shared_ptr<protocol::PipeEntrance> entrance_;
  std::thread thread_;
};

}  // namespace pocketmq::broker
