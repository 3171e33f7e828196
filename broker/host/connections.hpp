// The connections of a broker, whatever they run over: it is driven, and they are served, by one event loop.
#pragma once

#include <chrono>
#include <list>
#include <memory>
#include <string_view>
#include <utility>

#include <asio/basic_waitable_timer.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>

#include "broker/session/broker.hpp"
#include "protocol/io/lazy_timer.hpp"
#include "protocol/io/pipe.hpp"
#include "protocol/io/transport.hpp"

namespace pocketmq::broker {

/// Belongs to the thread that runs the io_context. Lives until that has run what was posted to it before.
class Connections {
 public:
  using Executor = asio::io_context::executor_type;

  Connections(asio::io_context& context, Broker& broker);
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  /// Serves what comes over `stream`, until either side closes it.
  template <class Stream> void add(Stream stream, Peer peer) {
    if (const auto idle = broker_.context().options().tcp_keepalive; idle.count() > 0)
      protocol::keep_alive(stream.native_handle(), idle);
    if (transports_.size() >= prepared_) prepare_for_more();
    serve(std::move(stream), std::move(peer), flushes_);
  }
  void add(protocol::Pipe<protocol::SerialExecutor> pipe, Peer peer) {
    serve(std::move(pipe), std::move(peer), pipe_flushes_);
  }
  /// Where pipes are served.
  [[nodiscard]] const protocol::SerialExecutor& pipe_executor() const { return pipe_flushes_.executor(); }

  /// Closes all connections with 320 and that text, and cuts those that are still there after `grace`. Then the
  /// io_context has nothing more to do.
  void stop(std::string_view text, std::chrono::milliseconds grace);
  /// Cuts them all, without a word, and does nothing more.
  void cut();

 private:
  using Timer = asio::basic_waitable_timer<protocol::Clock, asio::wait_traits<protocol::Clock>, Executor>;

  using Transports = std::list<std::shared_ptr<protocol::Closeable>>;

  template <class Stream>
  void serve(Stream stream, Peer peer, protocol::FlushScheduler<typename Stream::executor_type>& flushes) {
    auto session = broker_.connect(std::move(peer), protocol::Clock::now());
    auto transport = std::make_shared<protocol::Transport<Stream>>(std::move(stream), std::move(session), flushes);
    const auto position = transports_.insert(transports_.end(), transport);
    // As long as it is open the io_context has work, wherever the stream's own executor is.
    transport->start([this, position, work = asio::make_work_guard(flushes_.executor())] { remove(position); });
  }
  void prepare_for_more();
  void remove(Transports::iterator position);
  void cut_transports();
  void set_broker_timer();

  Broker& broker_;
  protocol::FlushScheduler<Executor> flushes_;
  protocol::FlushScheduler<protocol::SerialExecutor> pipe_flushes_;
  protocol::LazyTimer<Executor> broker_timer_;
  Timer grace_timer_;
  Transports transports_;
  std::size_t prepared_{8};      // connections that the reactor has memory for; the first few need no preparation
  bool looks_at_memory_{false};  // soon
  bool stopping_{false};
};

}  // namespace pocketmq::broker
