#include "server/context.hpp"

#include <algorithm>
#include <utility>

#include "client/values/trace_context.hpp"
#include "protocol/end/loop_clock.hpp"

namespace pocketmq::server {

Context::Context(Request&& request, const std::string& procedure, const asio::any_io_executor& executor,
                 const protocol::LoopClock& clock, WriteElement write)
    : request_{std::move(request)},
      procedure_{procedure},
      executor_{executor},
      clock_{clock},
      write_{std::move(write)} {}

const client::Properties& Context::properties() const {
  std::call_once(decoded_, [this] {
    auto message = client::to_message(protocol::Properties{request_.properties}, {});
    properties_ = std::make_unique<const client::Properties>(std::move(message.properties));
  });
  return *properties_;
}

std::optional<std::string_view> Context::text_of_header(std::string_view name) const {
  const auto headers = protocol::Properties{request_.properties}.headers();
  const auto value = headers ? headers->find(name) : std::nullopt;
  return value ? value->string() : std::nullopt;
}

std::optional<std::string> Context::header(std::string_view name) const {
  const auto text = text_of_header(name);
  return text ? std::optional<std::string>{*text} : std::nullopt;
}

std::string_view Context::traceparent() const {
  return text_of_header(client::traceparent_header).value_or(std::string_view{});
}

std::chrono::milliseconds Context::time_left() const {
  using std::chrono::milliseconds;
  if (!deadline()) return client::no_timeout;
  const auto left = std::chrono::duration_cast<milliseconds>(*deadline() - clock_.wall_now());
  return std::max(left, milliseconds::zero());
}

}  // namespace pocketmq::server
