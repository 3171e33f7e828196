// From Asio's completion tokens to type-erased callbacks. (Asio 1.22 has no any_completion_handler.)
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include "client/values/asio_forward.hpp"
#include "client/values/callbacks.hpp"
#include "client/values/dependent.hpp"

namespace pocketmq::protocol {
class SerialExecutor;
}  // namespace pocketmq::protocol

namespace pocketmq::client {

/// Runs a task on an executor, never inside the call. Until it is destroyed, that executor has work.
using Post = MoveOnlyFunction<void(MoveOnlyFunction<void()>)>;
[[nodiscard]] Post post_on(const asio::any_io_executor& executor);
[[nodiscard]] Post post_serially(const protocol::SerialExecutor& executor);
/// Runs a task on a thread of Asio's own (asio::system_executor).
void post_on_system(MoveOnlyFunction<void()> task);

/// For an executor that cannot become an asio::any_io_executor, such as that of asio::use_future, or for a user's file
/// that has not included any_io_executor.hpp. A thread of Asio's own gives the task to the executor, so that the task
/// never runs inside the call.
template <class Executor> [[nodiscard]] Post post_on_other(const Executor& executor) {
  static_assert(
      requires { executor.on_work_started(); },
      "pocketmq: include <asio/any_io_executor.hpp>, which a handler with this executor needs");
  const auto finish_work = [](const Executor* on) {
    on->on_work_finished();
    delete on;
  };
  const std::shared_ptr<const Executor> work{new Executor{executor}, finish_work};
  work->on_work_started();
  return [work](MoveOnlyFunction<void()> task) {
    post_on_system([work, task = std::move(task)]() mutable { work->execute(std::move(task)); });
  };
}

/// What `asio::associated_executor` and `asio::associated_cancellation_slot` give for a handler that has none.
struct NoneAssociated {};

/// Runs tasks on the handler's associated executor, or on `fallback` if the handler has none. A handler can have an
/// executor only if the user's file has included Asio's associated_executor.hpp.
template <class Handler, class Executor> [[nodiscard]] Post post_for(const Handler& handler, const Executor& fallback) {
  using Associated = asio::associated_executor<Handler, NoneAssociated>;
  using AnyExecutor = DependingOn<asio::any_io_executor, Handler>;
  if constexpr (Complete<Associated>) {
    using Own = typename Associated::type;
    if constexpr (std::is_same_v<Own, NoneAssociated>) {
      // the handler has no executor: use `fallback`, below
    } else if constexpr (Complete<AnyExecutor>) {
      if constexpr (std::is_constructible_v<AnyExecutor, const Own&>)
        return post_on(AnyExecutor(Associated::get(handler, NoneAssociated{})));
      else
        return post_on_other(Associated::get(handler, NoneAssociated{}));
    } else {
      return post_on_other(Associated::get(handler, NoneAssociated{}));
    }
  }
  if constexpr (std::is_same_v<Executor, protocol::SerialExecutor>)
    return post_serially(fallback);
  else
    return post_on(fallback);
}

/// A handler with its results, on the way to the executor that runs it.
template <class Handler, class Finish, class... Results> struct Completion {
  Handler handler;
  Finish finish;
  Post post;
  std::optional<std::tuple<Results...>> results{};

  /// Posts `finish(handler, results...)` to that executor.
  static void run(std::unique_ptr<Completion> self) {
    auto post = std::move(self->post);
    post([self = std::move(self)] {
      std::apply([&](auto&... each) { self->finish(self->handler, std::move(each)...); }, *self->results);
    });
  }
};

/// Returns a callable, which is called once, from any thread, with the results. It posts `finish(handler, results...)`
/// to the handler's associated executor (to `fallback` if the handler has none). That executor has work until then.
template <class... Results, class Handler, class Executor, class Finish>
[[nodiscard]] auto finish_on_executor(Handler handler, const Executor& fallback, Finish finish) {
  using Operation = Completion<Handler, Finish, Results...>;
  auto post = post_for(handler, fallback);
  std::unique_ptr<Operation> operation{new Operation{std::move(handler), std::move(finish), std::move(post)}};
  return [operation = std::move(operation)](Results... results) mutable {
    operation->results.emplace(std::move(results)...);
    Operation::run(std::move(operation));
  };
}

/// The same with a `finish` that calls the handler with the results.
template <class... Results, class Handler, class Executor>
[[nodiscard]] MoveOnlyFunction<void(Results...)> completion(Handler handler, const Executor& fallback) {
  return finish_on_executor<Results...>(std::move(handler), fallback,
                                        [](Handler& of, Results... results) { std::move(of)(std::move(results)...); });
}

/// Starts an operation with a completion token. The token decides when `operation(*self, done)` is called; `done` is a
/// callback made by `completion`. `self` points to the object that the operation works on, and keeps it alive;
/// `self->executor()` is the fallback.
template <class... Results, class Self, class Token, class Operation>
auto initiate(Self self, Token&& token, Operation operation) {
  return asio::async_initiate<Token, void(Results...)>(
      [](auto handler, Self on, Operation start) {
        start(*on, completion<Results...>(std::move(handler), on->executor()));
      },
      token, std::move(self), std::move(operation));
}

/// A stop token. A stop is requested when the handler's cancellation slot gets a `terminal` or `partial` cancellation;
/// never, if the handler has no slot. A `total` cancellation has no effect: it promises that the operation had no
/// effects, and nobody can promise that of a request that was sent.
template <class Handler> [[nodiscard]] std::stop_token stop_token_of(const Handler& handler) {
  using Associated = asio::associated_cancellation_slot<Handler, NoneAssociated>;
  if constexpr (Complete<Associated>) {
    if constexpr (!std::is_same_v<typename Associated::type, NoneAssociated>) {
      auto slot = Associated::get(handler, NoneAssociated{});
      if (!slot.is_connected()) return {};
      std::stop_source source;
      slot.assign([source](auto type) mutable {
        using Type = decltype(type);  // asio::cancellation_type
        if ((type & (Type::terminal | Type::partial)) != Type::none) source.request_stop();
      });
      return source.get_token();
    }
  }
  return {};
}

/// `initiate` for operations that can be cancelled: `operation(self, stop, done)`. It gives the pointer `self` itself,
/// so that the operation can keep the pointer.
template <class... Results, class Self, class Token, class Operation>
auto initiate_cancellable(Self self, Token&& token, Operation operation) {
  return asio::async_initiate<Token, void(Results...)>(
      [](auto handler, Self on, Operation start) {
        auto stop = stop_token_of(handler);
        auto done = completion<Results...>(std::move(handler), on->executor());
        start(std::move(on), std::move(stop), std::move(done));
      },
      token, std::move(self), std::move(operation));
}

}  // namespace pocketmq::client
