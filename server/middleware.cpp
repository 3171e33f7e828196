#include "server/middleware.hpp"

#include <algorithm>
#include <utility>

#include "client/milliseconds_text.hpp"
#include "client/rpc_wire.hpp"
#include "client/trace_context.hpp"

namespace pocketmq::server {

using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

namespace {

std::string line_of(const Context& context, const Outcome& outcome, nanoseconds time) {
  auto line = "serve " + context.procedure() + ": " + (outcome.error ? std::string{outcome.error->what()} : "ok")
              + " in " + client::milliseconds_text(time);
  const auto traceparent = context.header(client::traceparent_header).value_or(std::string{});
  if (const auto id = client::trace_id(traceparent); !id.empty()) line.append(", trace ").append(id);
  return line;
}

}  // namespace

HandlerMiddleware log_requests(std::function<void(const std::string& line)> write) {
  return [write = std::move(write)](Context& context, const NextHandler& next, Answered answered) {
    auto over = [&context, write, begun = Clock::now(), answered = std::move(answered)](Outcome outcome) mutable {
      write(line_of(context, outcome, Clock::now() - begun));
      answered(std::move(outcome));
    };
    next(context, std::move(over));
  };
}

HandlerMiddleware RequestMetrics::middleware() const {
  return [counts = counts_](Context& context, const NextHandler& next, Answered answered) {
    const auto& queue = context.procedure();
    {
      const std::lock_guard lock{counts->mutex};
      ++counts->by_queue[queue].running;
    }
    auto over = [counts, queue, begun = Clock::now(), answered = std::move(answered)](Outcome outcome) mutable {
      const nanoseconds time = Clock::now() - begun;
      {
        const std::lock_guard lock{counts->mutex};
        auto& procedure = counts->by_queue[queue];
        --procedure.running;
        ++(outcome.error ? procedure.errors[outcome.error->code()] : procedure.replies);
        procedure.worked += time;
        procedure.longest = std::max(procedure.longest, time);
      }
      answered(std::move(outcome));
    };
    next(context, std::move(over));
  };
}

std::map<std::string, RequestMetrics::Procedure> RequestMetrics::snapshot() const {
  const std::lock_guard lock{counts_->mutex};
  return counts_->by_queue;
}

HandlerMiddleware require_authorization(std::function<bool(const Context&, std::string_view token)> accepts) {
  return [accepts = std::move(accepts)](Context& context, const NextHandler& next, Answered answered) {
    const auto token = context.header("authorization").value_or(std::string{});
    if (accepts(context, token)) return next(context, std::move(answered));
    const auto* why = token.empty() ? "the request has no header 'authorization'"
                                    : "the request's header 'authorization' is not accepted";
    answered({.error = client::RpcError{client::RpcCode::unauthenticated, why}});
  };
}

}  // namespace pocketmq::server
