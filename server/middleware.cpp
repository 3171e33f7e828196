#include "server/middleware.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "client/rpc_wire.hpp"
#include "client/trace_context.hpp"

namespace pocketmq::server {

using std::chrono::nanoseconds;
using Clock = std::chrono::steady_clock;

namespace {

std::string line_of(const Context& context, const Outcome& outcome, nanoseconds time) {
  std::array<char, 32> took{};
  std::snprintf(took.data(), took.size(), "%.1f ms", std::chrono::duration<double, std::milli>{time}.count());
  auto line = "serve " + context.procedure() + ": " + (outcome.error ? std::string{outcome.error->what()} : "ok")
              + " in " + took.data();
  const auto traceparent = context.header(client::traceparent_header).value_or(std::string{});
  if (const auto id = client::trace_id(traceparent); !id.empty()) line.append(", trace ").append(id);
  return line;
}

}  // namespace

HandlerMiddleware logging(std::function<void(const std::string& line)> write) {
  return [write = std::move(write)](Context& context, const NextHandler& next, Answered answered) {
    auto over = [&context, write, begun = Clock::now(), answered = std::move(answered)](Outcome outcome) mutable {
      write(line_of(context, outcome, Clock::now() - begun));
      answered(std::move(outcome));
    };
    next(context, std::move(over));
  };
}

void RequestMetrics::begin(const std::string& procedure) {
  const std::lock_guard lock{mutex_};
  ++counts_[procedure].running;
}

void RequestMetrics::end(const std::string& procedure, const Outcome& outcome, nanoseconds time) {
  const std::lock_guard lock{mutex_};
  auto& counts = counts_[procedure];
  --counts.running;
  ++(outcome.error ? counts.failed[outcome.error->code()] : counts.succeeded);
  counts.total_time += time;
  counts.longest_time = std::max(counts.longest_time, time);
}

std::map<std::string, RequestCounts> RequestMetrics::counts() const {
  const std::lock_guard lock{mutex_};
  return counts_;
}

HandlerMiddleware metrics(std::shared_ptr<RequestMetrics> into) {
  return [into = std::move(into)](Context& context, const NextHandler& next, Answered answered) {
    into->begin(context.procedure());
    auto over = [&context, into, begun = Clock::now(), answered = std::move(answered)](Outcome outcome) mutable {
      into->end(context.procedure(), outcome, Clock::now() - begun);
      answered(std::move(outcome));
    };
    next(context, std::move(over));
  };
}

HandlerMiddleware authentication(std::function<bool(const Context&, std::string_view token)> accepts) {
  return [accepts = std::move(accepts)](Context& context, const NextHandler& next, Answered answered) {
    const auto token = context.header("authorization").value_or(std::string{});
    if (accepts(context, token)) return next(context, std::move(answered));
    const auto* why = token.empty() ? "the request has no header 'authorization'"
                                    : "the request's header 'authorization' is not accepted";
    answered({.error = client::RpcError{client::RpcCode::unauthenticated, why}});
  };
}

}  // namespace pocketmq::server
