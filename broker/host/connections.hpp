// Drives a broker and serves its connections, over TCP or pipes, in one event loop.
#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <string_view>
#include <utility>

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include "broker/http/http_entrance.hpp"
#include "broker/session/broker.hpp"
#include "protocol/io/lazy_timer.hpp"
#include "protocol/io/pipe.hpp"
#include "protocol/io/transport.hpp"

namespace pocketmq::broker {

/// What is spoken on a port: the broker's own protocols, or those and HTTP, or HTTP.
enum class Spoken : std::uint8_t { broker, broker_and_http, http };

/// Belongs to the thread that runs the io_context. It must outlive all handlers that were posted to the io_context
/// before its end.
class Connections {
 public:
  using Executor = asio::io_context::executor_type;

  Connections(asio::io_context& context, Broker& broker);
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// From now on `entrance` answers HTTP. It outlives the connections. Call it before a connection that speaks HTTP is
  /// added.
  void answer_http_with(http::HttpEntrance& entrance) { http_ = &entrance; }

  /// Serves a connection over `stream` until either side closes it.
  template <class Stream> void add(Stream stream, Peer peer, Spoken spoken = Spoken::broker) {
    if (const auto idle = broker_.context().options().tcp_keepalive; idle.count() > 0)
      protocol::keep_alive(stream.native_handle(), idle);
    if (transports_.size() >= prepared_) prepare_for_more();
    serve(std::move(stream), make_end(std::move(peer), spoken), flushes_);
  }
  void add(protocol::Pipe<protocol::SerialExecutor> pipe, Peer peer) {
    serve(std::move(pipe), broker_.connect(std::move(peer), clock().now()), pipe_flushes_);
  }
  /// The executor on which pipes are served.
  [[nodiscard]] const protocol::SerialExecutor& pipe_executor() const { return pipe_flushes_.executor(); }

  /// The clock of the loop.
  [[nodiscard]] const protocol::LoopClock& clock() const { return flushes_.clock(); }

  /// Call it on the loop's thread after the broker was told to do something that no connection has asked for.
  void look_at_broker() { set_broker_timer(); }

  /// Closes all connections with 320 and that text. Connections that are still open after `grace` are cut. Then the
  /// io_context has no work left.
  void stop(std::string_view text, std::chrono::milliseconds grace);
  /// Cuts all connections without a close, and stops driving the broker.
  void cut();

 private:
  using Transports = std::list<std::shared_ptr<protocol::Closeable>>;

  template <class Stream>
  void serve(Stream stream, std::unique_ptr<protocol::ConnectionEnd> end,
             protocol::FlushScheduler<typename Stream::executor_type>& flushes) {
    auto transport = std::make_shared<protocol::Transport<Stream>>(std::move(stream), std::move(end), flushes);
    const auto position = transports_.insert(transports_.end(), transport);
    // The io_context has work while the transport is open, whichever executor the stream uses.
    transport->start([this, position, work = asio::make_work_guard(flushes_.executor())] { remove(position); });
  }
  [[nodiscard]] std::unique_ptr<protocol::ConnectionEnd> make_end(Peer peer, Spoken spoken);
  void prepare_for_more();
  void remove(Transports::iterator position);
  void cut_transports();
  void set_broker_timer();

  Broker& broker_;
  http::HttpEntrance* http_{nullptr};
  protocol::FlushScheduler<Executor> flushes_;
  protocol::FlushScheduler<protocol::SerialExecutor> pipe_flushes_;
  protocol::LazyTimer<Executor> broker_timer_;
  protocol::LazyTimer<Executor> grace_timer_;
  Transports transports_;
  std::size_t prepared_{8};             // up to this number of connections the reactor has memory
  bool memory_check_is_posted_{false};  // a call is posted
  bool stopping_{false};
};

}  // namespace pocketmq::broker
