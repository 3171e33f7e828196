#include "client/rpc_caller.hpp"

#include <future>
#include <utility>

namespace pocketmq::client {

void RpcCaller::open(Done<> done) {
  driver_->open([self = shared_from_this(), done = std::move(done)](std::error_code error) mutable {
    if (error) return done(error);
    auto& core = self->core_;
    core.open([self = std::move(self), done = std::move(done)](std::error_code failed) mutable { done(failed); });
  });
}

void RpcCaller::open_and_wait() {
  std::promise<CloseReason> opened;
  open([&](std::error_code error) {
    const auto& reason = driver_->core().close_reason();
    opened.set_value(reason.error ? reason : CloseReason{error, {}});
  });
  const auto reason = opened.get_future().get();
  if (!reason.error) return;
  close_and_wait();
  throw driver_->opening_error(reason);
}

void RpcCaller::call(RpcRequest request, RpcCore::Completed completed) {
  const auto now = protocol::Clock::now();
  const auto wall = std::chrono::system_clock::now();
  driver_->run(
      [self = shared_from_this(), request = std::move(request), now, wall, completed = std::move(completed)]() mutable {
        self->core_.call(std::move(request), now, wall, std::move(completed));
      });
}

std::string RpcCaller::call_and_wait(RpcRequest request) {
  driver_->refuse_to_block_here();
  std::promise<RpcResult> promise;
  auto replied = promise.get_future();
  call(std::move(request),
       [promise = std::move(promise)](RpcResult result) mutable { promise.set_value(std::move(result)); });
  try {
    auto result = replied.get();
    if (result.error) throw *result.error;
    return std::move(result.body);
  } catch (const std::future_error&) {
    throw RpcError{RpcCode::cancelled, "the executor that the client was given is gone"};
  }
}

void RpcCaller::close_and_wait() {
  driver_->run([self = shared_from_this()] {
    self->core_.close({RpcCode::cancelled, "the client object is gone"});
    self->driver_->close([](std::error_code) {});
  });
  driver_->close_and_wait();
}

}  // namespace pocketmq::client
