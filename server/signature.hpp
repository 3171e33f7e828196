// What a handler takes and gives, read off its type.
#pragma once

#include <tuple>
#include <type_traits>

#include <asio/awaitable.hpp>

namespace pocketmq::server {

class Context;
template <class T> class StreamWriter;

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

struct NoWriter {
  explicit NoWriter(Context&) {}
};

/// What stands before the arguments of the call: Context&, and StreamWriter<T>& of a stream.
template <class... Args> struct ParametersOf {
  static constexpr bool has_context = false;
  static constexpr bool is_stream = false;
  using Writer = NoWriter;
  using Arguments = std::tuple<std::decay_t<Args>...>;
};
template <class T, class... Args> struct ParametersOf<StreamWriter<T>&, Args...> : ParametersOf<Args...> {
  static constexpr bool is_stream = true;
  using Writer = StreamWriter<T>;
};
template <class... Args> struct ParametersOf<Context&, Args...> : ParametersOf<Args...> {
  static constexpr bool has_context = true;
};

/// What it gives, and whether as a coroutine.
template <class Result> struct ResultOf : std::type_identity<std::decay_t<Result>> {
  static constexpr bool is_coroutine = false;
};
template <class Result> struct ResultOf<asio::awaitable<Result>> : std::type_identity<Result> {
  static constexpr bool is_coroutine = true;
};

}  // namespace pocketmq::server
