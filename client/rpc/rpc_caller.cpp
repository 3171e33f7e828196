#include "client/rpc/rpc_caller.hpp"

#include <algorithm>
#include <array>
#include <future>
#include <utility>

#include "client/link/stopping.hpp"
#include "client/link/waiting.hpp"
#include "client/values/trace_context.hpp"

namespace pocketmq::client {
namespace {

RpcSettings with_seed_of(protocol::LoopRandom& random, RpcSettings settings) {
  if (!settings.seed) settings.seed = random.next_seed();
  return settings;
}

}  // namespace

RpcCaller::RpcCaller(std::shared_ptr<ReconnectingConnection> connection, const RpcSettings& settings)
    : connection_{std::move(connection)},
      core_{with_seed_of(connection_->random(), settings), [this] { connection_->deadline_changed(); }},
      wall_clock_{connection_->clock()} {
  connection_->on_up(
      [this](ConnectionCore& core, ReconnectingConnection::Ready ready) { core_.open(core, std::move(ready)); });
  connection_->on_failure([this](const CloseReason& reason) { core_.connecting_failed(reason); });
  connection_->attach(&core_);  // here, before anything runs, because calls may wait for the first connection
}

void RpcCaller::call(RpcRequest&& request, Completed&& completed) {
  request.clock = &connection_->clock();
  // The trace is added here, because a middleware may continue the call on another thread.
  if (!request.headers.view().find(traceparent_header)) {
    std::array<char, traceparent_size> text;
    request.headers.add(traceparent_header,
                        write_child_traceparent(TraceScope::current(), text, connection_->random()));
  }
  pass(0, std::move(request), std::move(completed));
}

void RpcCaller::pass(std::size_t middleware, RpcRequest&& request, Completed&& completed) {
  if (middleware == middlewares_.size()) return send(std::move(request), std::move(completed));
  auto next = [self = shared_from_this(), middleware](RpcRequest changed, Completed over) {
    self->pass(middleware + 1, std::move(changed), std::move(over));
  };
  middlewares_[middleware](std::move(request), std::move(next), std::move(completed));
}

void RpcCaller::send(RpcRequest&& request, Completed&& completed) {
  const auto now = connection_->clock().now();
  if (connection_->executor().runs_here()) return begin(std::move(request), now, std::move(completed));
  connection_->executor().post(
      [self = shared_from_this(), request = std::move(request), now, completed = std::move(completed)]() mutable {
        self->begin(std::move(request), now, std::move(completed));
      });
}

void RpcCaller::begin(RpcRequest&& request, protocol::TimePoint now, Completed&& completed) {
  const auto wall = wall_clock_.at(now);
  const auto stops = std::exchange(request.stops, {});
  if (std::ranges::any_of(stops, &std::stop_token::stop_requested))
    return completed({.error = RpcError{RpcCode::cancelled, "the call was cancelled before it was made"}});
  if (stops.empty()) {
    core_.call(std::move(request), now, wall, std::move(completed));
    return;
  }
  auto cancelling = std::make_shared<std::vector<std::shared_ptr<void>>>();
  const auto id = core_.call(std::move(request), now, wall,
                             [cancelling, completed = std::move(completed)](RpcResult result) mutable {
                               cancelling->clear();
                               completed(std::move(result));
                             });
  for (const auto& stop : stops)
    cancelling->push_back(when_stopped(stop, [weak = weak_from_this(), id] {
      if (const auto self = weak.lock()) self->cancel(id);
    }));
}

// Always posts, because this function may be called inside of the core, or while another thread waits for it to return.
void RpcCaller::cancel(RpcCore::CallId id) {
  connection_->executor().post([self = shared_from_this(), id] { self->core_.cancel(id); });
}

std::string RpcCaller::call_and_wait(RpcRequest&& request) {
  connection_->refuse_to_block_here();
  std::promise<RpcResult> promise;
  auto replied = promise.get_future();
  call(std::move(request),
       [promise = std::move(promise)](RpcResult result) mutable { promise.set_value(std::move(result)); });
  try {
    auto result = wait_for(std::move(replied), connection_->clock());
    if (result.error) throw *result.error;
    return std::move(result.body);
  } catch (const std::future_error&) {
    throw executor_gone();
  }
}

void RpcCaller::close_and_wait() {
  connection_->run([self = shared_from_this()] {
    self->core_.close({RpcCode::cancelled, "the client object is gone"});
    self->connection_->close([](std::error_code) {});
  });
  connection_->close_and_wait();
}

RpcError executor_gone() { return {RpcCode::cancelled, "the executor that the client was given is gone"}; }

}  // namespace pocketmq::client
