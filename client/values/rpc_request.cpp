#include "client/values/rpc_request.hpp"

#include "client/values/rpc_wire.hpp"
#include "protocol/vocabulary/limits.hpp"
#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::client {
namespace {

RpcError too_long(RpcCode code, const std::string& what, std::uint64_t size, std::uint64_t max) {
  return {code, what + " " + std::to_string(size) + " bytes, and may have " + std::to_string(max)};
}

}  // namespace

std::optional<RpcError> find_fault(const RpcRequest& request) {
  constexpr auto name_max = protocol::ShortString::max_size_bytes;
  const auto body_max = protocol::Limits{}.body_max_bytes;
  if (request.queue.empty()) return RpcError{RpcCode::invalid_argument, "queue: the name is empty"};
  if (request.queue.size() > name_max)
    return too_long(RpcCode::invalid_argument, "queue: the name has", request.queue.size(), name_max);
  if (request.payload.body.size() > body_max)
    return too_long(RpcCode::resource_exhausted, "payload: it has", request.payload.body.size(), body_max);
  if (request.headers.view().find(rpc_deadline_header))
    return RpcError{RpcCode::invalid_argument,
                    "headers: " + std::string{rpc_deadline_header} + " is written by the library, from the timeout"};
  if (request.timeout <= std::chrono::milliseconds::zero())
    return RpcError{RpcCode::deadline_exceeded, "timeout: there was no time left for the call"};
  return std::nullopt;
}

}  // namespace pocketmq::client
