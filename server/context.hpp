// A request, for its handler.
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
#include "server/lazy_stop_source.hpp"
#include "server/request.hpp"

namespace pocketmq::protocol {
class LoopClock;
}  // namespace pocketmq::protocol

namespace pocketmq::server {

/// Lives until its request is answered. May be used from any thread.
class Context {
 public:
  /// Sends a stream's element. The callback is called once, on any thread, when the next element may come: with false
  /// if nobody reads the stream any more.
  using WriteElement = std::function<void(client::Payload, client::MoveOnlyFunction<void(bool)>)>;

  /// `procedure`, `executor` and `clock` must outlive this object. `clock` is the clock of the server's loop.
  Context(Request&& request, const std::string& procedure, const asio::any_io_executor& executor,
          const protocol::LoopClock& clock, WriteElement write);
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// The queue that the request came from.
  [[nodiscard]] const std::string& procedure() const { return procedure_; }
  [[nodiscard]] const std::string& body() const { return request_.body; }
  /// The request's properties: correlation_id, reply_to (none: the caller wants no answer), message_id (the same if the
  /// caller sends the request again), user_id, ...
  [[nodiscard]] const client::Properties& properties() const;
  /// A header's text. Nothing if there is no such header, or if its value is no text.
  [[nodiscard]] std::optional<std::string> header(std::string_view name) const;
  /// The trace that the request belongs to (`traceparent`); empty if none. Lives as long as this.
  [[nodiscard]] std::string_view traceparent() const;
  /// Whether the broker has delivered the request before, to this or another server. Then it may have run.
  [[nodiscard]] bool redelivered() const { return request_.redelivered; }

  /// When the caller stops waiting, by the caller's clock.
  [[nodiscard]] std::optional<client::WallTime> deadline() const { return request_.deadline; }
  /// How long the caller still waits: 0 if it does not wait any more, `client::no_timeout` if it has no deadline. Use
  /// it as the timeout of calls that are made for this request.
  [[nodiscard]] std::chrono::milliseconds time_left() const;

  /// A stop is requested when nobody waits for the answer any more: the caller has cancelled the call or stopped
  /// reading the stream, or the connection was lost, so that the broker delivers the request again. Not every such case
  /// is noticed. The token's callbacks run on the connection's thread, and must not block. In a coroutine, the
  /// operation that it awaits is cancelled too.
  [[nodiscard]] std::stop_token stop_token() const { return stop_.token(); }
  [[nodiscard]] bool is_cancelled() const { return stop_.requested(); }

  /// The executor that runs handlers: for timers, and for calls made by coroutines.
  [[nodiscard]] const asio::any_io_executor& executor() const { return executor_; }

  /// For those who run the handler.
  [[nodiscard]] const Request& request() const { return request_; }
  [[nodiscard]] const protocol::LoopClock& clock() const { return clock_; }
  void request_stop() { stop_.request(); }
  void write(client::Payload element, client::MoveOnlyFunction<void(bool)> taken) {
    write_(std::move(element), std::move(taken));
  }

 private:
  [[nodiscard]] std::optional<std::string_view> text_of_header(std::string_view name) const;

  const Request request_;
  const std::string& procedure_;
  const asio::any_io_executor& executor_;
  const protocol::LoopClock& clock_;
  const WriteElement write_;
  LazyStopSource stop_;
  mutable std::once_flag decoded_;
  mutable std::unique_ptr<const client::Properties> properties_;  // decoded when they are first asked for
};

}  // namespace pocketmq::server
