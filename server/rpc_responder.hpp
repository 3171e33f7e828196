// Requests come on the connection's thread, are answered on the handlers' thread, and the answers go back.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <asio/thread_pool.hpp>

#include "client/driver.hpp"
#include "server/handler.hpp"
#include "server/server_core.hpp"

namespace pocketmq::server {

/// What `RpcServer` is a handle of. From any thread, but the handlers' for `close_and_wait`.
class RpcResponder : public std::enable_shared_from_this<RpcResponder> {
 public:
  RpcResponder(std::shared_ptr<client::Driver> driver, std::uint16_t prefetch)
      : driver_{std::move(driver)},
        core_{prefetch,
              {.requested = [this](Request request) { hand_over(std::move(request)); },
               .cancelled = [](RequestId) {},
               .deadline_changed = [this] { driver_->core().deadline_changed(); },
               .troubled = [](const client::CloseReason&) {}}} {}

  /// Throws std::logic_error once it is started.
  void add(std::string queue, client::QueueOptions options, Handler handler);
  void start(OnOpen started);
  /// Throws std::system_error. Only on a driver with a thread of its own.
  void start_and_wait();
  /// Begins nothing more. Returns at once.
  void stop();
  /// Returns when it was stopped, and throws std::system_error when the connection or a queue was lost.
  void wait();
  /// Stops, lets the running handler finish, and closes the connection.
  void close_and_wait();

  [[nodiscard]] const asio::any_io_executor& executor() const { return driver_->executor(); }

 private:
  // Nothing for a request that nobody waits for any more.
  using Answer = std::variant<std::monostate, client::Payload, client::RpcError>;

  void hand_over(Request request);
  [[nodiscard]] Answer answer_to(const Request& request);
  void send(const Request& request, const Answer& answer);
  void finish(const client::CloseReason& reason);

  const std::shared_ptr<client::Driver> driver_;
  ServerCore core_;
  std::vector<Handler> handlers_;  // by procedure; on the handlers' thread once started
  std::atomic<bool> is_started_{false};
  std::atomic<bool> is_stopping_{false};
  std::mutex mutex_;
  std::condition_variable finished_changed_;
  std::optional<client::CloseReason> finished_;  // guarded by mutex_; without an error: stopped
  asio::thread_pool handler_thread_{1};
};

}  // namespace pocketmq::server
