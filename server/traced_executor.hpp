// An executor that opens a TraceScope around everything that it runs: for coroutines, which resume on any thread.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include <asio/any_io_executor.hpp>
#include <asio/prefer.hpp>
#include <asio/query.hpp>
#include <asio/require.hpp>

#include "client/values/trace_context.hpp"

namespace pocketmq::server {

/// In everything else it behaves as the inner executor.
class TracedExecutor {
 public:
  TracedExecutor(asio::any_io_executor inner, std::string traceparent)
      : TracedExecutor{std::move(inner), std::make_shared<const std::string>(std::move(traceparent))} {}

  template <class Task> void execute(Task&& task) const {
    inner_.execute([traceparent = traceparent_, task = std::forward<Task>(task)]() mutable {
      const client::TraceScope scope{*traceparent};
      std::move(task)();
    });
  }

  template <class Property>
  requires asio::can_query_v<const asio::any_io_executor&, Property>
  decltype(auto) query(const Property& property) const { return asio::query(inner_, property); }

  template <class Property>
  requires asio::can_require_v<const asio::any_io_executor&, Property> TracedExecutor require(const Property& property)
  const { return {asio::require(inner_, property), traceparent_}; }
  template <class Property>
  requires asio::can_prefer_v<const asio::any_io_executor&, Property> TracedExecutor prefer(const Property& property)
  const { return {asio::prefer(inner_, property), traceparent_}; }

  friend bool operator==(const TracedExecutor&, const TracedExecutor&) = default;

 private:
  TracedExecutor(asio::any_io_executor inner, std::shared_ptr<const std::string> traceparent)
      : inner_{std::move(inner)}, traceparent_{std::move(traceparent)} {}

  asio::any_io_executor inner_;
  std::shared_ptr<const std::string> traceparent_;
};

}  // namespace pocketmq::server
