// The completion token of tests: an operation that gets it returns a Pending, which has the result later.
//
//     auto sum = add.async(1, 2, testkit::pending);
//     world.advance(1s);
//     CHECK(sum.is_ready());
//     CHECK(sum.get() == 3);
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <system_error>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include <asio/async_result.hpp>

#include "tests/kit/failure.hpp"

namespace pocketmq::testkit {

struct PendingToken {};
inline constexpr PendingToken pending{};

/// The result of an operation, or its error. `T` is void for an operation without result, and a std::tuple for one with
/// several. It may be copied; copies share the result. Belongs to the World's thread.
template <class T> class Pending {
 public:
  using Value = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  [[nodiscard]] bool is_ready() const { return outcome_->value || outcome_->error; }
  /// True if it is ready with an error.
  [[nodiscard]] bool has_failed() const { return outcome_->error != nullptr; }

  /// The result; it stays here. Throws the operation's error: an exception, or a std::system_error with its code.
  /// Throws Failure if it is not ready.
  std::add_lvalue_reference_t<const T> get() const {
    require_result();
    if constexpr (!std::is_void_v<T>) return *outcome_->value;
  }
  /// The same, but moves the result out.
  T take() const {
    require_result();
    if constexpr (!std::is_void_v<T>) return std::move(*outcome_->value);
  }

  /// For operations: the callback that makes it ready.
  template <class... Args> [[nodiscard]] auto completion() const {
    return [outcome = outcome_](Args... args) { outcome->take(std::move(args)...); };
  }

 private:
  void require_result() const {
    if (outcome_->error) std::rethrow_exception(outcome_->error);
    if (!outcome_->value)
      throw Failure{"Pending::get: there is no result yet; let time pass before, or write world.run(pending)"};
  }

  struct Outcome {
    std::optional<Value> value{};
    std::exception_ptr error{};

    template <class... Args> void take(std::exception_ptr thrown, Args... args) {
      if (thrown)
        error = std::move(thrown);
      else
        value.emplace(std::move(args)...);
    }
    template <class... Args> void take(std::error_code code, Args... args) {
      take(code ? std::make_exception_ptr(std::system_error{code}) : nullptr, std::move(args)...);
    }
    template <class First, class... Args> void take(First first, Args... args) {
      value.emplace(std::move(first), std::move(args)...);
    }
    void take() { value.emplace(); }
  };

  std::shared_ptr<Outcome> outcome_{std::make_shared<Outcome>()};
};

/// The T of the Pending for an operation's completion signature.
template <class... Args> struct PendingOf { using Type = std::tuple<Args...>; };
template <> struct PendingOf<> { using Type = void; };
template <class T> struct PendingOf<T> { using Type = T; };
template <> struct PendingOf<std::exception_ptr> { using Type = void; };
template <> struct PendingOf<std::error_code> { using Type = void; };
template <class T, class... Args> struct PendingOf<std::exception_ptr, T, Args...> : PendingOf<T, Args...> {};
template <class T, class... Args> struct PendingOf<std::error_code, T, Args...> : PendingOf<T, Args...> {};

}  // namespace pocketmq::testkit

namespace asio {

template <class... Args> class async_result<pocketmq::testkit::PendingToken, void(Args...)> {
 public:
  template <class Initiation, class... InitArgs>
  static auto initiate(Initiation&& initiation, pocketmq::testkit::PendingToken, InitArgs&&... args) {
    const pocketmq::testkit::Pending<typename pocketmq::testkit::PendingOf<std::decay_t<Args>...>::Type> result;
    std::forward<Initiation>(initiation)(result.template completion<std::decay_t<Args>...>(),
                                         std::forward<InitArgs>(args)...);
    return result;
  }
};

}  // namespace asio
