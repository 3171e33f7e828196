// A callable that need not be copyable: std::move_only_function, which C++20 lacks.
#pragma once

#include <concepts>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>

namespace pocketmq::client {

template <class Signature> class MoveOnlyFunction;

template <class Result, class... Args> class MoveOnlyFunction<Result(Args...)> {
 public:
  MoveOnlyFunction() = default;
  MoveOnlyFunction(std::nullptr_t) {}

  template <class F>
  requires(!std::same_as<F, MoveOnlyFunction> && std::invocable<F&, Args...>) MoveOnlyFunction(F function)
      : target_{std::make_unique<Target<F>>(std::move(function))} {}

  Result operator()(Args... args) { return target_->call(std::forward<Args>(args)...); }
  explicit operator bool() const { return target_ != nullptr; }

 private:
  struct Callable {
    Callable() = default;
    Callable(const Callable&) = delete;
    Callable& operator=(const Callable&) = delete;
    virtual ~Callable() = default;
    virtual Result call(Args&&... args) = 0;
  };

  template <class F> struct Target final : Callable {
    explicit Target(F f) : function{std::move(f)} {}
    Result call(Args&&... args) override { return std::invoke(function, std::forward<Args>(args)...); }
    F function;
  };

  std::unique_ptr<Callable> target_;
};

/// What is called once, when an operation is over.
template <class... Results> using Done = MoveOnlyFunction<void(std::error_code, Results...)>;

}  // namespace pocketmq::client
