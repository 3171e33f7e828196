// A broker in the caller's event loop, for clients and servers of the same process: no thread, no port, no socket.
//
//     asio::io_context context;
//     pocketmq::broker::InProcess broker{context};
//     pocketmq::client::RpcClient rpc{broker.executor(), broker.pipe()};
//     context.run();
#pragma once

#include <chrono>
#include <memory>

#include <asio/any_io_executor.hpp>

#include "broker/core/options.hpp"
#include "protocol/base/move_only_function.hpp"
#include "protocol/url.hpp"

namespace asio {
class io_context;
}  // namespace asio

namespace pocketmq::broker {

class Broker;
class Observer;

/// Belongs to the one thread that runs the io_context, which must outlive it. The destructor cuts all connections.
/// After that, connecting to the pipe fails.
class InProcess {
 public:
  /// `observer` (observer.hpp) is called on that thread and must outlive the io_context's handlers.
  explicit InProcess(asio::io_context& context, Options options = {}, Observer* observer = nullptr);
  InProcess(const InProcess&) = delete;
  InProcess& operator=(const InProcess&) = delete;
  ~InProcess();

  /// The URL for clients in this process, on this thread or another one, with the user guest. It may outlive the
  /// broker. AMQP is faster; JSON can be read in a trace of the bytes.
  [[nodiscard]] protocol::Url pipe(protocol::Encoding encoding = protocol::Encoding::amqp) const;

  /// The executor on which pipes are served. Clients and servers that use it run without a detour through the event
  /// loop.
  [[nodiscard]] asio::any_io_executor executor() const;

  /// The broker's clock, for tests; see Embedded. `advance_clock` calls `done` from the event loop when all that was
  /// due has happened. Only on the broker's thread.
  void freeze_clock();
  void run_clock();
  void advance_clock(std::chrono::nanoseconds time, protocol::MoveOnlyFunction<void()> done);

  /// The broker itself, to read its state (inspect.hpp); only on the broker's thread.
  [[nodiscard]] Broker& broker();

 private:
  struct Served;

  asio::io_context& context_;
  std::shared_ptr<Served> served_;
  std::shared_ptr<protocol::PipeAcceptor> acceptor_;
};

}  // namespace pocketmq::broker
