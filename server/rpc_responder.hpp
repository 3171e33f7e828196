// Hands requests from the connection's thread to the executor of the handlers, and takes their outcomes back.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <asio/any_io_executor.hpp>

#include "client/link/reconnecting_connection.hpp"
#include "client/rpc/number_map.hpp"
#include "protocol/io/handler_queue.hpp"
#include "protocol/io/line_writer.hpp"
#include "protocol/io/turn_batch.hpp"
#include "server/handler.hpp"
#include "server/handler_threads.hpp"
#include "server/invocation.hpp"
#include "server/middleware.hpp"
#include "server/server_core.hpp"
#include "server/startable.hpp"

namespace pocketmq::server {

struct ResponderOptions {
  std::uint16_t prefetch{1};
  std::size_t threads_max{0};        // of the server's own threads, for handlers
  asio::any_io_executor executor{};  // if not empty, it runs handlers instead
  std::chrono::milliseconds max_clock_skew{max_clock_skew_default};
  bool reveals_exceptions{false};
  bool is_patient{false};  // the same as the connection's option `patient`
  std::function<void(const std::string&)> on_trouble{};
};

/// `RpcServer` is a handle of this object. May be used from any thread, but a handler must not call `close_and_wait`.
/// Its owner calls `close_and_wait` before it releases this object.
class RpcResponder final : public std::enable_shared_from_this<RpcResponder>,
                           public Startable,
                           private Invocation::Owner {
 public:
  RpcResponder(std::shared_ptr<client::ReconnectingConnection> connection, ResponderOptions options);
  RpcResponder(const RpcResponder&) = delete;
  RpcResponder& operator=(const RpcResponder&) = delete;

  /// `serve` and `use` throw std::logic_error once the server is started. `serve` throws std::invalid_argument for a
  /// queue that is served already.
  void serve(std::string queue, ServeOptions options, Handler handler);
  void use(HandlerMiddleware middleware);

  /// Call it once. A second call throws std::logic_error.
  void start(client::Done<> started) override;
  /// The same, and throws std::system_error. Only on a connection with a thread of its own.
  void start_and_wait();
  /// Begins no more requests. When the running ones are answered, it closes the connection. Returns at once.
  void stop();
  /// Returns when the connection is closed after `stop`.
  void wait();
  /// Stops, waits for running handlers, and closes the connection.
  void close_and_wait();

  [[nodiscard]] const client::SerialExecutor& executor() const override { return connection_->executor(); }

 private:
  struct Procedure {
    std::string queue;
    Handler handler;
    bool keeps_answers;                                          // for repeats
    NextHandler chain{};                                         // the middleware, and the handler last
    client::NumberMap<std::weak_ptr<Invocation>> invocations{};  // used on the connection's executor
  };

  using Waiting = protocol::HandlerQueue<std::shared_ptr<Invocation>>;

  void refuse_once_started();
  void prepare();
  void build_chains();

  // On the connection's executor:
  void connected(client::ConnectionCore& connection, client::ReconnectingConnection::Ready ready);
  void hand_over(Request&& request);
  void cancel(RequestId id);
  void end(RequestId id, const Ending& ending);
  void connecting_failed(const client::CloseReason& reason);
  void is_ready(const client::CloseReason& refusal);
  /// Does nothing while it stops, since nothing is repaired any more then.
  void tell_trouble(const std::string& trouble);
  void tell(const std::string& what);
  [[nodiscard]] std::vector<std::shared_ptr<Invocation>> invocations();

  // On the executor of the handlers:
  void provide_threads(std::size_t running);
  void run(const std::shared_ptr<Invocation>& invocation);

  // From any thread:
  void ended(RequestId id, Ending&& ending) override;
  /// Runs `task` on the connection's executor.
  template <class Task> void run_on_connection(Task task) {
    connection_->run([self = shared_from_this(), task = std::move(task)]() mutable { task(*self); });
  }

  const std::shared_ptr<client::ReconnectingConnection> connection_;
  const ResponderOptions options_;
  std::vector<Procedure> procedures_;  // neither list changes once it is started
  std::vector<HandlerMiddleware> middleware_;
  bool has_coroutines_{false};

  // Used on the connection's executor:
  ServerCore core_;
  bool was_ready_{false};
  bool has_logged_outage_{false};  // the broker cannot be reached, and the log says so
  protocol::TurnBatch<std::shared_ptr<Invocation>> requested_;
  // Set with the first line, if there is no `on_trouble`.
  std::optional<protocol::LineWriter> standard_error_;

  std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  bool is_started_{false};
  bool is_stopping_{false};
  bool has_stopped_{false};

  HandlerThreads threads_;
  const asio::any_io_executor handlers_;
  const std::shared_ptr<Waiting> waiting_;
};

}  // namespace pocketmq::server
