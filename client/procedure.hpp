// A remote procedure with C++ types. It is called like a function, or asynchronously with any completion token of
// Asio's.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "client/json/rpc_json.hpp"
#include "client/json/value_types.hpp"
#include "client/link/completion.hpp"
#include "client/rpc/caller.hpp"
#include "client/stream.hpp"
#include "client/values/queue_options.hpp"
#include "client/values/table.hpp"

namespace pocketmq::client {

struct ProcedureOptions {
  /// How long a call may take, to the reply or the end of the stream; `no_timeout` for any time. The request carries
  /// the deadline, so that broker and server drop a request that nobody waits for any more.
  std::chrono::milliseconds timeout{std::chrono::seconds{30}};
  /// Declare the queue before the first call on each connection, so that clients may start before their server. The
  /// server must declare it with the same options.
  std::optional<QueueOptions> declare{};
  /// The handler may run twice without harm. When the connection is lost, a call under way is sent again over the next
  /// one, with the same `message_id`, instead of failing. It is sent again for up to `connection_wait` while its server
  /// is not back. The middleware `retry` may repeat it too.
  bool idempotent{false};
  /// Ask the broker before each call whether the queue has a consumer. If not, the call fails as `unavailable`, reason
  /// `no_consumer`; without this option its request waits in the queue. It costs a round trip.
  bool require_consumer{false};
  /// Sent with each request.
  Table headers{};
  /// How many elements of a stream may wait unread. If more come, the stream is cancelled, and fails as
  /// `resource_exhausted`.
  std::size_t unread_max{1'000};
};

/// The parts of a procedure that do not depend on its signature.
class ProcedureBase {
 public:
  ProcedureBase(std::shared_ptr<Caller> caller, std::string queue, ProcedureOptions options)
      : caller_{std::move(caller)}, queue_{std::move(queue)}, options_{std::move(options)} {}

 protected:
  [[nodiscard]] RpcRequest request(Payload payload) const {
    return {.queue = queue_,
            .payload = std::move(payload),
            .timeout = options_.timeout,
            .declare = options_.declare,
            .idempotent = options_.idempotent,
            .require_consumer = options_.require_consumer,
            .headers = options_.headers,
            .stops = stops_};
  }

  std::shared_ptr<Caller> caller_;
  std::string queue_;
  ProcedureOptions options_;
  std::vector<std::stop_token> stops_;
};

/// The parts of a signature; for any other type `is_signature` is false.
template <class Signature> struct SignatureParts { static constexpr bool is_signature = false; };
template <class Result, class... Args> struct SignatureParts<Result(Args...)> {
  static constexpr bool is_signature = true;
  static consteval bool are_sound() {
    if constexpr ((is_sendable<Argument<Args>>() && ...) && bytes_are_alone<Argument<Args>...>())
      return is_receivable_result(std::type_identity<Result>{});
    else
      return false;
  }

 private:
  template <class T> static consteval bool is_receivable_result(std::type_identity<T>) { return is_receivable<T>(); }
  template <class T> static consteval bool is_receivable_result(std::type_identity<Stream<T>>) {
    return is_receivable<T>();
  }
  static consteval bool is_receivable_result(std::type_identity<void>) { return true; }
};

/// True for a signature that a procedure may have. For any other signature it does not compile.
template <class Signature> consteval bool is_procedure() {
  using Parts = SignatureParts<Signature>;
  static_assert(Parts::is_signature,
                "pocketmq: a procedure is written as a function: the result, then the arguments in parentheses, as in "
                "procedure<int(std::string)>");
  if constexpr (Parts::is_signature)
    return Parts::are_sound();
  else
    return false;
}

/// Made by `RpcClient::procedure`. It may be copied, and called from any thread. A call after its client was destroyed
/// fails as `cancelled`.
///
/// A call that fails throws RpcError, or completes with one. After `unavailable`, `deadline_exceeded` and `cancelled`
/// the handler may have run, or may still run. A call that must not run twice needs an id among its arguments, by which
/// the handler recognizes a repeat.
template <class Signature, bool is_sound = is_procedure<Signature>()>
class Procedure : public ProcedureBase {  // for signatures that are refused
 public:
  using ProcedureBase::ProcedureBase;
};

/// The functions `with` of all procedures. They return a procedure of the same type, `Self`.
template <class Self> class ProcedureWith : public ProcedureBase {
 public:
  using ProcedureBase::ProcedureBase;

  /// A copy of this procedure that adds a header to each request.
  [[nodiscard]] Self with(std::string_view header, const auto& value) const {
    Self other{static_cast<const Self&>(*this)};
    static_cast<ProcedureWith&>(other).options_.headers.add(header, value);
    return other;
  }
  /// A copy of this procedure whose calls are cancelled when `stop` is requested. A handler may give the stop token of
  /// its own request.
  [[nodiscard]] Self with(std::stop_token stop) const {
    Self other{static_cast<const Self&>(*this)};
    static_cast<ProcedureWith&>(other).stops_.push_back(std::move(stop));
    return other;
  }
};

template <class Result, class... Args>
class Procedure<Result(Args...), true> : public ProcedureWith<Procedure<Result(Args...)>> {
 public:
  using ProcedureWith<Procedure>::ProcedureWith;

  /// Calls, and waits for the reply. Throws RpcError if the call fails. Throws
  /// std::system_error(resource_deadlock_would_occur) on the client's own thread, where it would wait for itself.
  Result operator()(const std::decay_t<Args>&... args) const {
    auto call = this->request(rpc_json::encode_arguments(args...));
    return rpc_json::decode_result<Result>(this->caller_->call_and_wait(std::move(call)), this->queue_);
  }

  /// Calls with completion signature void(std::exception_ptr, Result), or void(std::exception_ptr) for a procedure
  /// without result. The exception is an RpcError. Throws at once only for arguments that cannot be written as JSON. A
  /// cancellation slot cancels the call: it completes with `cancelled`, and the server's handler is cancelled too.
  template <class Token> auto async(const std::decay_t<Args>&... args, Token&& token) const {
    static_assert(std::is_void_v<Result> || std::default_initializable<Result>,
                  "pocketmq: a result needs a default constructor, since a failed call completes with Result{}");
    auto call = this->request(rpc_json::encode_arguments(args...));
    if constexpr (std::is_void_v<Result>)
      return start<std::exception_ptr>(std::forward<Token>(token), std::move(call));
    else
      return start<std::exception_ptr, Result>(std::forward<Token>(token), std::move(call));
  }

 private:
  template <class... Results, class Token> auto start(Token&& token, RpcRequest&& call) const {
    return asio::async_initiate<Token, void(Results...)>(
        [](auto handler, const std::shared_ptr<Caller>& caller, RpcRequest&& request) {
          if (auto stop = stop_token_of(handler); stop.stop_possible()) request.stops.push_back(std::move(stop));
          const auto& home = caller->executor();
          auto over = finish_on_executor<RpcResult>(
              std::move(handler), home,
              [queue = request.queue](auto& to, RpcResult result) { finish(to, std::move(result), queue); });
          caller->call(std::move(request), std::move(over));
        },
        token, this->caller_, std::move(call));
  }

  template <class Handler> static void finish(Handler& handler, RpcResult result, const std::string& queue) {
    auto error = result.error ? std::make_exception_ptr(std::move(*result.error)) : nullptr;
    if constexpr (std::is_void_v<Result>) {
      std::move(handler)(std::move(error));
    } else {
      std::optional<Result> value;
      try {
        if (!error) value.emplace(rpc_json::decode_result<Result>(std::move(result.body), queue));
      } catch (...) {
        error = std::current_exception();
      }
      std::move(handler)(std::move(error), value ? std::move(*value) : Result{});
    }
  }
};

/// A procedure that sends several replies.
template <class T, class... Args>
class Procedure<Stream<T>(Args...), true> : public ProcedureWith<Procedure<Stream<T>(Args...)>> {
 public:
  using ProcedureWith<Procedure>::ProcedureWith;

  /// Calls, and does not wait. Errors come when the stream is read. Throws only for arguments that cannot be written as
  /// JSON.
  [[nodiscard]] Stream<T> operator()(const std::decay_t<Args>&... args) const {
    auto call = this->request(rpc_json::encode_arguments(args...));
    return {std::make_shared<StreamReader>(this->caller_, std::move(call), this->options_.unread_max), this->queue_};
  }
};

}  // namespace pocketmq::client
