#include "server/context.hpp"

#include <algorithm>
#include <utility>

#include "client/trace_context.hpp"

namespace pocketmq::server {

Context::Context(Request&& request, std::string procedure, asio::any_io_executor executor, WriteElement write)
    : request_{std::move(request)},
      procedure_{std::move(procedure)},
      executor_{std::move(executor)},
      write_{std::move(write)} {}

std::optional<std::string> Context::header(std::string_view name) const {
  return properties().headers ? properties().headers->string(name) : std::nullopt;
}

std::string_view Context::traceparent() const {
  const auto value =
      properties().headers ? properties().headers->view().find(client::traceparent_header) : std::nullopt;
  return value ? value->string().value_or(std::string_view{}) : std::string_view{};
}

std::chrono::milliseconds Context::time_left() const {
  using std::chrono::milliseconds;
  if (!deadline()) return client::no_timeout;
  const auto left = std::chrono::duration_cast<milliseconds>(*deadline() - std::chrono::system_clock::now());
  return std::max(left, milliseconds::zero());
}

}  // namespace pocketmq::server
