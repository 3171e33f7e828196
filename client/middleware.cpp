#include "client/middleware.hpp"

#include <utility>

#include <asio/any_io_executor.hpp>

#include "client/link/backoff.hpp"
#include "client/values/rpc_wire.hpp"
#include "client/values/trace_context.hpp"
#include "protocol/io/lazy_timer.hpp"
#include "protocol/io/random_of.hpp"

namespace pocketmq::client {
namespace {

using protocol::LoopClock;
using protocol::TimePoint;
using std::chrono::nanoseconds;

const LoopClock& clock_of(const RpcRequest& request) {
  return request.clock == nullptr ? LoopClock::of_system() : *request.clock;
}

// The attempts of one call. It keeps itself alive until the last one is over.
class Attempts : public std::enable_shared_from_this<Attempts> {
 public:
  Attempts(const asio::any_io_executor& executor, LoopClock& clock, std::uint64_t seed, const RetryOptions& options,
           RpcRequest request, NextCall next, Completed completed)
      : left_{options.attempts},
        backoff_{options.backoff_min, options.backoff_max, options.jitter, seed},
        clock_{clock},
        timer_{executor, clock},
        request_{std::move(request)},
        next_{std::move(next)},
        completed_{std::move(completed)},
        begun_{clock.now()} {}

  void begin() {
    --left_;
    next_(request_, [self = shared_from_this()](RpcResult result) { self->over(std::move(result)); });
  }

 private:
  void over(RpcResult result) {
    const bool may_help = result.error && result.error->code() == RpcCode::unavailable;
    const auto pause = backoff_.next();
    if (!may_help || left_ <= 0 || !has_time_after(pause)) return completed_(std::move(result));
    timer_.set(begun_, [self = shared_from_this()] { self->begin(); });
  }

  // Subtracts the time of the attempt and of the pause from the call's timeout.
  bool has_time_after(nanoseconds pause) {
    const auto now = clock_.now();
    if (request_.timeout != no_timeout)
      request_.timeout -= std::chrono::ceil<std::chrono::milliseconds>(now - begun_ + pause);
    begun_ = now + pause;
    return request_.timeout > std::chrono::milliseconds::zero();
  }

  int left_;
  Backoff backoff_;
  const LoopClock& clock_;
  protocol::LazyTimer<asio::any_io_executor> timer_;
  RpcRequest request_;
  NextCall next_;
  Completed completed_;
  TimePoint begun_;  // the current attempt, or the next one during a pause
};

}  // namespace

CallMiddleware log_calls(std::function<void(const std::string& line)> write) {
  return [write = std::move(write)](RpcRequest request, const NextCall& next, Completed completed) {
    const auto trace = request.headers.string(traceparent_header).value_or("");
    auto over = [write, &clock = clock_of(request), begun = clock_of(request).now(), queue = request.queue, trace,
                 completed = std::move(completed)](RpcResult result) mutable {
      write(log_line("call", queue, result.error, clock.now() - begun, trace));
      completed(std::move(result));
    };
    next(std::move(request), std::move(over));
  };
}

CallMiddleware CallMetrics::middleware() const {
  return [tally = tally_](RpcRequest request, const NextCall& next, Completed completed) {
    tally.begun(request.queue);
    auto over = [tally, &clock = clock_of(request), begun = clock_of(request).now(), queue = request.queue,
                 completed = std::move(completed)](RpcResult result) mutable {
      tally.over(queue, result.error, clock.now() - begun);
      completed(std::move(result));
    };
    next(std::move(request), std::move(over));
  };
}

CallMiddleware authorization(std::function<std::string()> token) {
  return [token = std::move(token)](RpcRequest request, const NextCall& next, Completed completed) {
    request.headers.add(rpc_authorization_header, token());
    next(std::move(request), std::move(completed));
  };
}

CallMiddleware retry(asio::any_io_executor executor, RetryOptions options) {
  auto& clock = protocol::clock_of(executor);
  auto& random = protocol::random_of(executor);
  return [executor = std::move(executor), &clock, &random, options](RpcRequest request, NextCall next,
                                                                    Completed completed) {
    if (!request.idempotent || request.on_element) return next(std::move(request), std::move(completed));
    std::make_shared<Attempts>(executor, clock, random.next_id(), options, std::move(request), std::move(next),
                               std::move(completed))
        ->begin();
  };
}

}  // namespace pocketmq::client
