#include "client/rpc_caller.hpp"

#include <future>
#include <utility>

#include "client/random_id.hpp"

namespace pocketmq::client {

RpcCaller::RpcCaller(std::shared_ptr<Link> link)
    : link_{std::move(link)}, core_{{.client_id = random_id()}, [this] { link_->deadline_changed(); }} {
  link_->on_up([this](ConnectionCore& connection, Link::Ready ready) { core_.open(connection, std::move(ready)); });
}

void RpcCaller::open(Done<> done) {
  link_->run([self = shared_from_this(), done = std::move(done)]() mutable {
    self->link_->attach(&self->core_);
    self->link_->open(std::move(done));
  });
}

void RpcCaller::open_and_wait() {
  link_->run([self = shared_from_this()] { self->link_->attach(&self->core_); });
  link_->open_and_wait();
}

void RpcCaller::call(RpcRequest request, Completed completed) {
  const auto now = protocol::Clock::now();
  const auto wall = std::chrono::system_clock::now();
  link_->run(
      [self = shared_from_this(), request = std::move(request), now, wall, completed = std::move(completed)]() mutable {
        self->core_.call(std::move(request), now, wall, std::move(completed));
      });
}

std::string RpcCaller::call_and_wait(RpcRequest request) {
  link_->refuse_to_block_here();
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
  link_->run([self = shared_from_this()] {
    self->core_.close({RpcCode::cancelled, "the client object is gone"});
    self->link_->close([](std::error_code) {});
  });
  link_->close_and_wait();
}

}  // namespace pocketmq::client
