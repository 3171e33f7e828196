// A request as its handler sees it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "client/values/asio_forward.hpp"
#include "client/values/callbacks.hpp"
#include "client/values/message.hpp"
#include "client/values/rpc_request.hpp"
#include "server/request.hpp"
#include "server/stop_on_demand.hpp"

namespace pocketmq::server {

/// Lives until its request is answered. From any thread.
class Context {
 public:
  /// Sends a stream's element; the callback hears, once and on any thread, when the next one may come, and false if
  /// nobody reads any more.
  using WriteElement = std::function<void(client::Payload, client::MoveOnlyFunction<void(bool)>)>;

  /// The name and the executor outlive it.
  Context(Request&& request, const std::string& procedure, const asio::any_io_executor& executor, WriteElement write);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// The queue that it came by.
  [[nodiscard]] const std::string& procedure() const { return procedure_; }
  [[nodiscard]] const std::string& body() const { return request_.body; }
  /// All that came with it: correlation_id, reply_to (none: nobody wants an answer), message_id (the same when the
  /// caller sends it again), user_id, ...
  [[nodiscard]] const client::Properties& properties() const;
  /// A header's text; nothing if there is none, or if it is no text.
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
  /// The trace that it belongs to (`traceparent`); empty for none. Lives as long as this.
  [[nodiscard]] std::string_view traceparent() const;
  /// The broker delivered it before, to whomever: it may have run.
  [[nodiscard]] bool redelivered() const { return request_.redelivered; }

  /// When its caller stops waiting, by the caller's clock.
  [[nodiscard]] std::optional<client::WallTime> deadline() const { return request_.deadline; }
  /// How long its caller still waits: what a call made for it may take. 0 if no more, `client::no_timeout` for as long
  /// as it takes.
  [[nodiscard]] std::chrono::milliseconds time_left() const;

  /// A stop is requested when nobody waits for the answer any more: the caller cancelled it or stopped reading a
  /// stream, or the connection was lost, so that the broker delivers it again. Best effort. Callbacks that are
  /// registered there run on the connection's thread, and must not block it. In a coroutine, what is awaited is
  /// cancelled as well.
  [[nodiscard]] std::stop_token stop_token() const { return stop_.token(); }
  [[nodiscard]] bool is_cancelled() const { return stop_.requested(); }

  /// Where handlers run: for timers, and for calls made by coroutines.
  [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }

  /// For those who run it.
  [[nodiscard]] const Request& request() const { return request_; }
  void request_stop() { stop_.request(); }
  void write(client::Payload element, client::MoveOnlyFunction<void(bool)> taken) {
    write_(std::move(element), std::move(taken));
  }

 private:
  [[nodiscard]] std::optional<std::string_view> text_of_header(std::string_view name) const;

  const Request request_;
  const std::string& procedure_;
  const asio::any_io_executor& executor_;
  const WriteElement write_;
  StopOnDemand stop_;
  mutable std::once_flag decoded_;
  mutable std::unique_ptr<const client::Properties> properties_;  // of the request, once somebody asked for them
};

}  // namespace pocketmq::server
