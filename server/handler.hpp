// From a typed handler to one that takes and gives bodies.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "client/move_only_function.hpp"
#include "client/rpc_json.hpp"
#include "client/rpc_request.hpp"

namespace pocketmq::server {

/// Answers one request's body. Throws what the caller is to be told: client::RpcError, or any exception for `internal`.
using Handler = client::MoveOnlyFunction<client::Payload(std::string_view body)>;

/// The signature of a callable that has exactly one: a function, a lambda, an object with one operator().
template <class Callable> struct SignatureOf : SignatureOf<decltype(&Callable::operator())> {};
template <class Result, class... Args> struct SignatureOf<Result(Args...)> : std::type_identity<Result(Args...)> {};
template <class Result, class... Args> struct SignatureOf<Result (*)(Args...)> : std::type_identity<Result(Args...)> {};
template <class Result, class... Args>
struct SignatureOf<Result (*)(Args...) noexcept> : std::type_identity<Result(Args...)> {};
template <class Class, class Result, class... Args>
struct SignatureOf<Result (Class::*)(Args...)> : std::type_identity<Result(Args...)> {};
template <class Class, class Result, class... Args>
struct SignatureOf<Result (Class::*)(Args...) const> : std::type_identity<Result(Args...)> {};
template <class Class, class Result, class... Args>
struct SignatureOf<Result (Class::*)(Args...) noexcept> : std::type_identity<Result(Args...)> {};
template <class Class, class Result, class... Args>
struct SignatureOf<Result (Class::*)(Args...) const noexcept> : std::type_identity<Result(Args...)> {};

template <class Signature> struct HandlerOf;

template <class Result, class... Args> struct HandlerOf<Result(Args...)> {
  template <class Callable> [[nodiscard]] static Handler wrap(Callable callable) {
    return [callable = std::move(callable)](std::string_view body) mutable -> client::Payload {
      auto args = client::rpc_json::decode_arguments<std::decay_t<Args>...>(body);
      if constexpr (std::is_void_v<Result>) {
        std::apply(callable, std::move(args));
        return {"null"};
      } else {
        return client::rpc_json::encode_result(std::apply(callable, std::move(args)));
      }
    };
  }
};

/// A handler that reads the arguments which `callable` wants from a request's JSON, and writes its result as JSON. What
/// does not convert throws RpcError(invalid_argument) and says which argument.
template <class Callable> [[nodiscard]] Handler make_handler(Callable callable) {
  return HandlerOf<typename SignatureOf<Callable>::type>::wrap(std::move(callable));
}

}  // namespace pocketmq::server
