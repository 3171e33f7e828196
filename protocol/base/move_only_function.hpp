// A callable object that need not be copyable: std::move_only_function, which C++20 does not have.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <functional>
#include <memory>
#include <new>
#include <utility>

namespace pocketmq::protocol {

template <class Signature> class MoveOnlyFunction;

/// It stores a callable of up to four pointers without allocating; moving that must not throw. A larger one is
/// allocated.
template <class Result, class... Args> class MoveOnlyFunction<Result(Args...)> {
 public:
  MoveOnlyFunction() = default;
  MoveOnlyFunction(std::nullptr_t) {}

  template <class F>
  requires(!std::same_as<F, MoveOnlyFunction> && std::invocable<F&, Args...>) MoveOnlyFunction(F function) {
    if constexpr (fits<F>)
      target_ = new (room_.data()) Target<F>{std::move(function)};
    else
      target_ = new (room_.data()) Target<Boxed<F>>{{std::make_unique<F>(std::move(function))}};
  }

  MoveOnlyFunction(MoveOnlyFunction&& other) noexcept { take(other); }
  MoveOnlyFunction& operator=(MoveOnlyFunction&& other) noexcept {
    if (this == &other) return *this;
    // The old callable is destroyed last, because its destructor may use this object.
    const MoveOnlyFunction old{std::move(*this)};
    take(other);
    return *this;
  }
  ~MoveOnlyFunction() {
    if (target_ != nullptr) target_->~Callable();
  }

  Result operator()(Args... args) { return target_->call(std::forward<Args>(args)...); }
  explicit operator bool() const { return target_ != nullptr; }

 private:
  struct Callable {
    Callable() = default;
    Callable(const Callable&) = delete;
    Callable& operator=(const Callable&) = delete;
    virtual ~Callable() = default;
    virtual Result call(Args&&... args) = 0;
    /// Moves the callable to `room` and destroys this one.
    virtual Callable* move_to(std::byte* room) noexcept = 0;
  };

  template <class F> struct Target final : Callable {
    explicit Target(F f) : function{std::move(f)} {}
    Result call(Args&&... args) override { return std::invoke(function, std::forward<Args>(args)...); }
    Callable* move_to(std::byte* room) noexcept override {
      auto* const moved = new (room) Target{std::move(function)};
      this->~Target();
      return moved;
    }
    F function;
  };
  template <class F> struct Boxed {
    std::unique_ptr<F> function;
    Result operator()(Args... args) { return std::invoke(*function, std::forward<Args>(args)...); }
  };

  static constexpr std::size_t room_bytes = 5 * sizeof(void*);  // with the virtual table's pointer
  template <class F> static constexpr bool fits = sizeof(Target<F>) <= room_bytes && alignof(F) <= alignof(void*);

  void take(MoveOnlyFunction& other) noexcept {
    if (other.target_ != nullptr) target_ = std::exchange(other.target_, nullptr)->move_to(room_.data());
  }

  alignas(void*) std::array<std::byte, room_bytes> room_;
  Callable* target_{nullptr};  // points into room_
};

}  // namespace pocketmq::protocol
