// A remote procedure with C++ types: called like a function, or asynchronously under any completion token.
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

#include <asio/async_result.hpp>

#include "client/json/rpc_json.hpp"
#include "client/json/value_types.hpp"
#include "client/link/completion.hpp"
#include "client/rpc/rpc_caller.hpp"
#include "client/stream.hpp"
#include "client/values/queue_options.hpp"
#include "client/values/table.hpp"

namespace pocketmq::client {

struct ProcedureOptions {
  /// How long a call may take, from the call to the reply or the end of a stream; `no_timeout` for as long as it takes.
  /// The request carries it: the broker and the server drop a request that nobody waits for any more.
  std::chrono::milliseconds timeout{std::chrono::seconds{30}};
  /// Declare the queue before the first call on each connection, so that clients may start before their server. It must
  /// be declared alike there.
  std::optional<QueueOptions> declare{};
  /// To run it twice does no harm: a call under way when the connection is lost is sent again over the next one, with
  /// the same `message_id`, instead of failing, and again while its server may not be back yet, for `connection_wait`;
  /// and the middleware `retry` may make it again.
  bool idempotent{false};
  /// Ask the broker before each call whether anybody consumes the queue, which takes a round trip, and fail as
  /// `unavailable`, reason `no_consumer`, if not. Otherwise such a request waits in its queue.
  bool require_consumer{false};
  /// Sent with each request.
  Table headers{};
  /// How many elements of a stream may wait to be read. A stream that sends more is stopped, and fails as
  /// `resource_exhausted`.
  std::size_t unread_max{1'000};
};

/// What procedures of any signature have in common.
class ProcedureBase {
 public:
  ProcedureBase(std::shared_ptr<RpcCaller> caller, std::string queue, ProcedureOptions options)
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

  std::shared_ptr<RpcCaller> caller_;
  std::string queue_;
  ProcedureOptions options_;
  std::vector<std::stop_token> stops_;
};

/// What a signature is made of: nothing, if it is none.
template <class Signature> struct SignatureParts { static constexpr bool is_signature = false; };
template <class Result, class... Args> struct SignatureParts<Result(Args...)> {
  static constexpr bool is_signature = true;
  static consteval bool are_sound() {
    if constexpr ((is_sendable<Argument<Args>>() && ...) && bytes_are_alone<Argument<Args>...>())
      return comes_back(std::type_identity<Result>{});
    else
      return false;
  }

 private:
  template <class T> static consteval bool comes_back(std::type_identity<T>) { return is_receivable<T>(); }
  template <class T> static consteval bool comes_back(std::type_identity<Stream<T>>) { return is_receivable<T>(); }
  static consteval bool comes_back(std::type_identity<void>) { return true; }
};

/// Whether procedures may have this signature; asked of one that they may not have, it does not compile.
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

/// Made by `RpcClient::procedure`. May be copied, and called from any thread; a call after its client is gone is
/// `cancelled`.
///
/// A call that fails throws RpcError, or completes with one. `unavailable`, `deadline_exceeded` and `cancelled` say
/// nothing about whether the handler ran, or will still run; what must not run twice needs an id of its own in its
/// arguments, by which the handler can tell.
template <class Signature, bool is_sound = is_procedure<Signature>()>
class Procedure : public ProcedureBase {  // of a signature that is refused
 public:
  using ProcedureBase::ProcedureBase;
};

/// What `with` gives is a procedure of the same kind: written once for all signatures.
template <class Self> class ProcedureWith : public ProcedureBase {
 public:
  using ProcedureBase::ProcedureBase;

  /// The same procedure, with one more header on each request.
  [[nodiscard]] Self with(std::string_view header, const auto& value) const {
    Self other{static_cast<const Self&>(*this)};
    static_cast<ProcedureWith&>(other).options_.headers.add(header, value);
    return other;
  }
  /// The same procedure, whose calls are cancelled when a stop is requested: that of a handler's own request, say.
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

  /// Calls, and waits for the reply. Throws RpcError if the call fails, and
  /// std::system_error(resource_deadlock_would_occur) on the client's own thread, where it would wait for itself.
  Result operator()(const std::decay_t<Args>&... args) const {
    auto call = this->request(rpc_json::encode_arguments(args...));
    return rpc_json::decode_result<Result>(this->caller_->call_and_wait(std::move(call)), this->queue_);
  }

  /// Calls: void(std::exception_ptr, Result), or void(std::exception_ptr) for a procedure without result. The exception
  /// is an RpcError. Throws at once only for arguments that cannot be written as JSON. A cancellation slot cancels the
  /// call: it completes with `cancelled`, and its handler is told.
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
        [](auto handler, const std::shared_ptr<RpcCaller>& caller, RpcRequest&& request) {
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

  /// Calls, and does not wait: that, and what went wrong, is the stream's business. Throws only for arguments that
  /// cannot be written as JSON.
  [[nodiscard]] Stream<T> operator()(const std::decay_t<Args>&... args) const {
    auto call = this->request(rpc_json::encode_arguments(args...));
    return {std::make_shared<StreamReader>(this->caller_, std::move(call), this->options_.unread_max), this->queue_};
  }
};

}  // namespace pocketmq::client
