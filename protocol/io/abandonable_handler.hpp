// A handler on its way to an executor, which may run it, or destroy it without running it.
#pragma once

#include <memory>
#include <utility>

namespace pocketmq::protocol {

/// Calls exactly one of two functions of its owner: `run` if it is called, `abandoned` if it is destroyed uncalled. It
/// keeps the owner alive until then.
template <class Owner, void (Owner::*run)(), void (Owner::*abandoned)()> class AbandonableHandler {
 public:
  explicit AbandonableHandler(std::shared_ptr<Owner> owner) : owner_{std::move(owner)} {}
  AbandonableHandler(AbandonableHandler&&) noexcept = default;
  AbandonableHandler& operator=(AbandonableHandler&&) = delete;
  ~AbandonableHandler() {
    if (owner_) (owner_.get()->*abandoned)();
  }

  void operator()() {
    const auto owner = std::exchange(owner_, nullptr);
    (owner.get()->*run)();
  }

 private:
  std::shared_ptr<Owner> owner_;
};

}  // namespace pocketmq::protocol
