// Makes handlers of requests and outcomes from typed callables.
#pragma once

#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "client/json/rpc_json.hpp"
#include "client/values/asio_forward.hpp"
#include "client/values/callbacks.hpp"
#include "client/values/dependent.hpp"
#include "server/context.hpp"
#include "server/coroutine.hpp"
#include "server/outcome.hpp"
#include "server/signature.hpp"
#include "server/stream_writer.hpp"

namespace pocketmq::server {

/// Runs requests, also several at once. A request's context lives until `answered` is called, the handler until all its
/// requests are answered.
struct Handler {
  client::MoveOnlyFunction<void(Context&, Answered)> run{};
  bool is_stream{false};
  bool is_coroutine{false};  // it holds no thread while it waits
};

/// Owns what a callable's parameters refer to while it runs. Throws RpcError(invalid_argument) if the request's body
/// does not fit them.
template <class Parameters> class BoundArguments {
 public:
  explicit BoundArguments(Context& context)
      : context_{context}, writer_{context}, arguments_{decode(context.body(), std::type_identity<Arguments>{})} {}

  template <class Callable> decltype(auto) call(Callable& callable) {
    return std::apply(
        [&](auto&... arguments) -> decltype(auto) {
          if constexpr (Parameters::has_context && Parameters::is_stream)
            return callable(context_, writer_, std::move(arguments)...);
          else if constexpr (Parameters::has_context)
            return callable(context_, std::move(arguments)...);
          else if constexpr (Parameters::is_stream)
            return callable(writer_, std::move(arguments)...);
          else
            return callable(std::move(arguments)...);
        },
        arguments_);
  }

 private:
  using Arguments = typename Parameters::Arguments;

  template <class... Args>
  static Arguments decode(std::string_view body, std::type_identity<std::tuple<Args...>> /*what*/) {
    return client::rpc_json::decode_arguments<Args...>(body);
  }

  Context& context_;
  typename Parameters::Writer writer_;
  Arguments arguments_;
};

/// Converts a request for a callable of the signature Result(Args...), calls it, and converts its result. Throws the
/// errors that the caller gets.
template <class Callable, class Signature> class TypedHandler;

template <class Callable, class Result, class... Args> class TypedHandler<Callable, Result(Args...)> {
 public:
  using Parameters = ParametersOf<Args...>;
  using Value = typename ResultOf<Result>::type;
  static constexpr bool is_coroutine = ResultOf<Result>::is_coroutine;

  explicit TypedHandler(Callable callable) : callable_{std::move(callable)} {}

  static Handler make(Callable callable) {
    Handler handler{.is_stream = Parameters::is_stream, .is_coroutine = is_coroutine};
    if constexpr (is_coroutine)
      handler.run = [typed = TypedHandler{std::move(callable)}](Context& context, Answered answered) mutable {
        run_coroutine(
            context, [&] { return typed.co_call(context); }, std::move(answered));
      };
    else
      handler.run = [typed = TypedHandler{std::move(callable)}](Context& context, Answered answered) mutable {
        answered(outcome_of([&] { return typed.call(context); }));
      };
    return handler;
  }

  client::Payload call(Context& context) {
    BoundArguments<Parameters> bound{context};
    if constexpr (std::is_void_v<Value>) {
      bound.call(callable_);
      return {"null"};
    } else {
      return client::rpc_json::encode_result<Value>(bound.call(callable_));
    }
  }

  // The result's type depends on Callable, because asio::awaitable need not be complete if no handler is a coroutine.
  client::Awaitable<client::DependingOn<client::Payload, Callable>> co_call(Context& context) {
    BoundArguments<Parameters> bound{context};
    if constexpr (std::is_void_v<Value>) {
      co_await bound.call(callable_);
      co_return client::Payload{"null"};
    } else {
      const Value value = co_await bound.call(callable_);
      co_return client::rpc_json::encode_result<Value>(value);
    }
  }

 private:
  Callable callable_;
};

/// A handler that reads `callable`'s arguments from a request's JSON, and writes its result as JSON. If an argument
/// does not convert, the caller gets `invalid_argument` with a text that says which one.
template <class Callable> [[nodiscard]] Handler make_handler(Callable callable) {
  if constexpr (has_one_signature<Callable>()) {
    using Signature = typename SignatureOf<Callable>::type;
    if constexpr (is_handler(std::type_identity<Signature>{}))
      return TypedHandler<Callable, Signature>::make(std::move(callable));
  }
  return {};  // never reached: a static_assert has failed
}

}  // namespace pocketmq::server
