#include "server/middleware.hpp"

#include <utility>

#include "client/values/rpc_wire.hpp"
#include "client/values/trace_context.hpp"
#include "protocol/end/loop_clock.hpp"

namespace pocketmq::server {

HandlerMiddleware log_requests(std::function<void(const std::string& line)> write) {
  return [write = std::move(write)](Context& context, const NextHandler& next, Answered answered) {
    auto over = [&context, write, begun = context.clock().now(),
                 answered = std::move(answered)](Outcome outcome) mutable {
      const auto trace = context.header(client::traceparent_header).value_or(std::string{});
      const auto error = outcome.error ? std::optional{revealed(outcome)} : std::nullopt;
      write(client::log_line("serve", context.procedure(), error, context.clock().now() - begun, trace));
      answered(std::move(outcome));
    };
    next(context, std::move(over));
  };
}

HandlerMiddleware RequestMetrics::middleware() const {
  return [tally = tally_](Context& context, const NextHandler& next, Answered answered) {
    tally.begun(context.procedure());
    auto over = [tally, queue = context.procedure(), &clock = context.clock(), begun = context.clock().now(),
                 answered = std::move(answered)](Outcome outcome) mutable {
      tally.over(queue, outcome.error, clock.now() - begun);
      answered(std::move(outcome));
    };
    next(context, std::move(over));
  };
}

HandlerMiddleware require_authorization(std::function<bool(const Context&, std::string_view token)> accepts) {
  return [accepts = std::move(accepts)](Context& context, const NextHandler& next, Answered answered) {
    const auto token = context.header(client::rpc_authorization_header).value_or(std::string{});
    if (accepts(context, token)) return next(context, std::move(answered));
    const auto* why = token.empty() ? "the request has no header 'authorization'"
                                    : "the request's header 'authorization' is not accepted";
    answered({.error = client::RpcError{client::RpcCode::unauthenticated, why}});
  };
}

}  // namespace pocketmq::server
