// From Asio's completion tokens to type-erased callbacks: what Asio 1.22 has no any_completion_handler for.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <tuple>
#include <utility>

#include <asio/associated_cancellation_slot.hpp>
#include <asio/associated_executor.hpp>
#include <asio/async_result.hpp>
#include <asio/cancellation_type.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>

#include "client/values/callbacks.hpp"
#include "protocol/io/serial_executor.hpp"

namespace pocketmq::client {

/// A handler with its results, on the way to the executor that runs it, which has work until then.
template <class Handler, class Executor, class Finish, class... Results> struct Completion {
  Handler handler;
  Finish finish;
  asio::executor_work_guard<Executor> work;
  std::optional<std::tuple<Results...>> results{};

  /// Has `finish(handler, results...)` run there.
  static void post(std::unique_ptr<Completion> self) {
    const auto work = std::move(self->work);
    using asio::post;
    post(work.get_executor(), [self = std::move(self)] {
      std::apply([&](auto&... each) { self->finish(self->handler, std::move(each)...); }, *self->results);
    });
  }
};

/// A callable, to be called once, from any thread, with some results: it has `finish(handler, results...)` run on the
/// handler's associated executor (on `fallback` if it has none), never inside the call. That executor has work until
/// then.
template <class... Results, class Handler, class Executor, class Finish>
[[nodiscard]] auto finish_on_executor(Handler handler, const Executor& fallback, Finish finish) {
  auto executor = asio::get_associated_executor(handler, fallback);
  using Operation = Completion<Handler, decltype(executor), Finish, Results...>;
  std::unique_ptr<Operation> operation{
      new Operation{std::move(handler), std::move(finish), asio::make_work_guard(executor)}};
  return [operation = std::move(operation)](Results... results) mutable {
    operation->results.emplace(std::move(results)...);
    Operation::post(std::move(operation));
  };
}

/// A callback like that which calls the handler with the results.
template <class... Results, class Handler, class Executor>
[[nodiscard]] MoveOnlyFunction<void(Results...)> completion(Handler handler, const Executor& fallback) {
  return finish_on_executor<Results...>(std::move(handler), fallback,
                                        [](Handler& of, Results... results) { std::move(of)(std::move(results)...); });
}

/// Starts an operation under `token`: `operation(self, done)` is called when the token says so, with a callback as
/// above. `self` points at what the operation works on and keeps it alive; `self->executor()` is the fallback.
template <class... Results, class Self, class Token, class Operation>
auto initiate(Self self, Token&& token, Operation operation) {
  return asio::async_initiate<Token, void(Results...)>(
      [](auto handler, Self on, Operation start) {
        start(*on, completion<Results...>(std::move(handler), on->executor()));
      },
      token, std::move(self), std::move(operation));
}

/// Stops when the handler's cancellation slot is told to cancel; never, if it has none. Not for a `total` cancellation,
/// which promises that nothing has happened: that nobody can say of a request that was sent.
template <class Handler> [[nodiscard]] std::stop_token stop_token_of(const Handler& handler) {
  auto slot = asio::get_associated_cancellation_slot(handler);
  if (!slot.is_connected()) return {};
  std::stop_source source;
  slot.assign([source](asio::cancellation_type_t type) mutable {
    if ((type & (asio::cancellation_type::terminal | asio::cancellation_type::partial))
        != asio::cancellation_type::none)
      source.request_stop();
  });
  return source.get_token();
}

/// `initiate` for what can be cancelled: `operation(self, stop, done)`. `self` is given as it was, so that it can be
/// kept.
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
