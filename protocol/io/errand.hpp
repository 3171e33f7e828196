// A task on its way to an executor, which may run it, or go before it has.
#pragma once

#include <memory>
#include <utility>

namespace pocketmq::protocol {

/// Has its owner do one of two things, and keeps it alive until then: `run` where it is called, `let_go` where it is
/// destroyed uncalled.
template <class Owner, void (Owner::*run)(), void (Owner::*let_go)()> class Errand {
 public:
  explicit Errand(std::shared_ptr<Owner> owner) : owner_{std::move(owner)} {}
  Errand(Errand&&) noexcept = default;
  Errand& operator=(Errand&&) = delete;
  ~Errand() {
    if (owner_) (owner_.get()->*let_go)();
  }

  void operator()() {
    const auto owner = std::exchange(owner_, nullptr);
    (owner.get()->*run)();
  }

 private:
  std::shared_ptr<Owner> owner_;
};

}  // namespace pocketmq::protocol
