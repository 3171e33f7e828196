#include "server/element_window.hpp"

#include <utility>

#include "client/values/rpc_error.hpp"
#include "protocol/end/loop_clock.hpp"
#include "protocol/vocabulary/limits.hpp"

namespace pocketmq::server {

using client::Payload;
using client::RpcCode;
using client::RpcError;

namespace {

constexpr std::size_t on_their_way_max = 64;  // enough to keep both threads busy

RpcError nobody_reads() { return {RpcCode::cancelled, "nobody reads the stream any more"}; }

// After the deadline the caller does not wait either. It may have crashed; with a direct reply-to the server learns of
// a crash in no other way.
bool nobody_waits(const Context& context) {
  return context.is_cancelled() || is_late(context.request(), context.clock().wall_now(), max_clock_skew_default);
}

void check_size(const Payload& element) {
  if (element.body.size() > protocol::Limits{}.body_max_bytes)
    throw RpcError{RpcCode::resource_exhausted, "the element is larger than a message may be"};
}

}  // namespace

// One of the window's slots, taken by an element. It is free again when the connection has taken the element, or is
// lost.
class ElementWindow::Slot {
 public:
  explicit Slot(std::shared_ptr<ElementWindow> window) : window_{std::move(window)} {}
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;
  ~Slot() {
    const std::lock_guard lock{window_->mutex_};
    --window_->on_their_way_;
    window_->changed_.notify_one();
  }

 private:
  const std::shared_ptr<ElementWindow> window_;
};

void ElementWindow::write(Payload element) {
  check_size(element);
  {
    std::unique_lock lock{mutex_};
    const bool has_room =
        changed_.wait(lock, context_.stop_token(), [this] { return on_their_way_ < on_their_way_max; });
    if (!has_room) throw nobody_reads();
    ++on_their_way_;
  }
  auto slot = std::make_unique<Slot>(shared_from_this());
  if (nobody_waits(context_)) throw nobody_reads();
  context_.write(std::move(element), [slot = std::move(slot)](bool) {});
}

void ElementWindow::async_write(Payload element, client::MoveOnlyFunction<void(std::exception_ptr)> done) {
  try {
    check_size(element);
    if (nobody_waits(context_)) throw nobody_reads();
  } catch (const RpcError&) {
    return done(std::current_exception());
  }
  context_.write(std::move(element), [done = std::move(done)](bool was_taken) mutable {
    done(was_taken ? nullptr : std::make_exception_ptr(nobody_reads()));
  });
}

}  // namespace pocketmq::server
