// A handler's parameters and result, taken from its type.
#pragma once

#include <tuple>
#include <type_traits>

#include "client/json/value_types.hpp"
#include "client/values/asio_forward.hpp"

namespace pocketmq::server {

class Context;
template <class T> class StreamWriter;

template <class Callable>
concept HasOneCallOperator = requires {
  &Callable::operator();
};

/// The signature of a callable that has exactly one: a function, a lambda, an object with one operator(). Any other
/// callable has no `type`.
template <class Callable> struct SignatureOf {};
template <HasOneCallOperator Callable> struct SignatureOf<Callable> : SignatureOf<decltype(&Callable::operator())> {};
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

// --- The rules: each returns true. For a type that breaks the rule it does not compile. ---------------
// (The rules of arguments and results are in client/json/value_types.hpp.)

template <class Callable>
concept Signed = requires {
  typename SignatureOf<Callable>::type;
};

template <class Callable> consteval bool has_one_signature() {
  constexpr bool has_one = Signed<Callable> && !std::is_member_pointer_v<Callable>;
  static_assert(
      has_one,
      "pocketmq: a handler is a function or an object with one operator() that is no template: put others, such "
      "as a lambda with auto parameters, std::bind or a member function, into a lambda with the types of its "
      "parameters, [](int a, int b) { return ...; }");
  return has_one;
}

template <class T> inline constexpr bool stands_before_arguments = std::is_same_v<T, Context>;
template <class T> inline constexpr bool stands_before_arguments<StreamWriter<T>> = true;

template <class Parameter> consteval bool is_argument() {
  constexpr bool is = !stands_before_arguments<std::remove_cv_t<std::remove_pointer_t<std::remove_cvref_t<Parameter>>>>;
  static_assert(
      is,
      "pocketmq: a handler takes its Context& first, then the StreamWriter<T>& of a stream, both as references "
      "and not const, then the arguments of the call");
  return is;
}

template <bool is_stream, class Value> consteval bool stream_gives_nothing() {
  constexpr bool nothing = !is_stream || std::is_void_v<Value>;
  static_assert(nothing,
                "pocketmq: a stream's handler sends its elements with the StreamWriter, and returns void or "
                "asio::awaitable<void>");
  return nothing;
}

// --- The meaning of its types ------------------------------------------------------------------------------

struct NoWriter {
  explicit NoWriter(Context&) {}
};

/// A handler's parameters: first Context& and a stream's StreamWriter<T>&, if it has them, then the call's arguments.
template <class... Args> struct Parameters {
  static constexpr bool has_context = false;
  static constexpr bool is_stream = false;
  using Writer = NoWriter;
  using Arguments = std::tuple<std::decay_t<Args>...>;
  static consteval bool are_sound() {
    if constexpr ((is_argument<Args>() && ...))
      return (client::is_receivable<client::Argument<Args>>() && ...)
             && client::bytes_are_alone<client::Argument<Args>...>();
    else
      return false;
  }
};
template <class... Args> struct ParametersOf : Parameters<Args...> {};
template <class... Args> struct ParametersOf<Context&, Args...> : Parameters<Args...> {
  static constexpr bool has_context = true;
};
template <class T, class... Args> struct ParametersOf<StreamWriter<T>&, Args...> : Parameters<Args...> {
  static constexpr bool is_stream = true;
  using Writer = StreamWriter<T>;
  static consteval bool are_sound() { return client::is_sendable<T>() && Parameters<Args...>::are_sound(); }
};
template <class T, class... Args>
struct ParametersOf<Context&, StreamWriter<T>&, Args...> : ParametersOf<StreamWriter<T>&, Args...> {
  static constexpr bool has_context = true;
};

/// A handler's result, and whether the handler is a coroutine.
template <class Result> struct ResultOf : std::remove_cv<Result> { static constexpr bool is_coroutine = false; };
template <class Result> struct ResultOf<client::Awaitable<Result>> : std::remove_cv<Result> {
  static constexpr bool is_coroutine = true;
};

/// True if handlers may have this signature. For any other signature it does not compile.
template <class Result, class... Args> consteval bool is_handler(std::type_identity<Result(Args...)> /*signature*/) {
  using Value = typename ResultOf<Result>::type;
  if constexpr (!ParametersOf<Args...>::are_sound())
    return false;
  else if constexpr (!stream_gives_nothing<ParametersOf<Args...>::is_stream, Value>() || std::is_void_v<Value>)
    return std::is_void_v<Value>;
  else
    return client::is_sendable<Value>();
}

}  // namespace pocketmq::server
