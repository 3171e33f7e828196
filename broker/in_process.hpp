// A broker in the caller's event loop, for clients and servers of the same process: no thread, no port, no socket.
//
//     asio::io_context context;
//     pocketmq::broker::InProcess broker{context};
//     pocketmq::client::RpcClient rpc{broker.executor(), broker.pipe()};
//     context.run();
#pragma once

#include <memory>

#include <asio/any_io_executor.hpp>

#include "broker/core/options.hpp"
#include "protocol/url.hpp"

namespace asio {
class io_context;
}  // namespace asio

namespace pocketmq::broker {

class Broker;
class Observer;

/// Belongs to the one thread that runs the io_context, which must outlive it. The destructor cuts all connections, and
/// clients find nobody at the pipe from then on.
class InProcess {
 public:
  /// `observer` (observer.hpp), called on that thread, must outlive the io_context's handlers.
  explicit InProcess(asio::io_context& context, Options options = {}, Observer* observer = nullptr);
  InProcess(const InProcess&) = delete;
  InProcess& operator=(const InProcess&) = delete;
  ~InProcess();

  /// Where a client of this process reaches it, as guest, on this thread or another. May outlive the broker. AMQP takes
  /// less time; JSON can be read in a trace of the bytes.
  [[nodiscard]] protocol::Url pipe(protocol::Encoding encoding = protocol::Encoding::amqp) const;

  /// Where it serves pipes. Clients and servers that are given it run there too, without a way through the event loop.
  [[nodiscard]] asio::any_io_executor executor() const;

  /// To look at (inspect.hpp); on the broker's thread.
  [[nodiscard]] Broker& broker();

 private:
  struct Served;

  asio::io_context& context_;
  std::shared_ptr<Served> served_;
  std::shared_ptr<protocol::PipeAcceptor> entrance_;
};

}  // namespace pocketmq::broker
