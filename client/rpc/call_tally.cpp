#include "client/rpc/call_tally.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <mutex>

#include "client/values/trace_context.hpp"

namespace pocketmq::client {
namespace {

std::string milliseconds_text(std::chrono::nanoseconds time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f ms", std::chrono::duration<double, std::milli>{time}.count());
  return text.data();
}

}  // namespace

struct CallTally::Counts {
  std::mutex mutex;
  std::map<std::string, ProcedureMetrics> by_queue;  // guarded by mutex
};

CallTally::CallTally() : counts_{std::make_shared<Counts>()} {}

void CallTally::begun(const std::string& queue) const {
  const std::lock_guard lock{counts_->mutex};
  ++counts_->by_queue[queue].running;
}

void CallTally::over(const std::string& queue, const std::optional<RpcError>& error,
                     std::chrono::nanoseconds took) const {
  const std::lock_guard lock{counts_->mutex};
  auto& procedure = counts_->by_queue[queue];
  --procedure.running;
  ++(error ? procedure.errors[error->code()] : procedure.replies);
  procedure.took += took;
  procedure.longest = std::max(procedure.longest, took);
}

std::map<std::string, ProcedureMetrics> CallTally::snapshot() const {
  const std::lock_guard lock{counts_->mutex};
  return counts_->by_queue;
}

std::string log_line(std::string_view verb, std::string_view queue, const std::optional<RpcError>& error,
                     std::chrono::nanoseconds took, std::string_view traceparent) {
  std::string line{verb};
  line.append(" ").append(queue).append(": ").append(error ? error->what() : "ok");
  line.append(" in ").append(milliseconds_text(took));
  if (const auto id = trace_id(traceparent); !id.empty()) line.append(", trace ").append(id);
  return line;
}

}  // namespace pocketmq::client
