#include "server/request.hpp"

#include "client/values/rpc_wire.hpp"

namespace pocketmq::server {

std::optional<client::WallTime> deadline_of(protocol::Properties properties) {
  const auto headers = properties.headers();
  const auto header = headers ? headers->find(client::rpc_deadline_header) : std::nullopt;
  const auto since_epoch = header ? header->integer() : std::nullopt;
  if (!since_epoch) return std::nullopt;
  using std::chrono::milliseconds;
  // A deadline far in the future counts as none, which avoids an overflow.
  constexpr auto max = std::chrono::duration_cast<milliseconds>(client::WallTime::max().time_since_epoch());
  if (*since_epoch >= max.count() || *since_epoch < 0) return std::nullopt;
  return client::WallTime{milliseconds{*since_epoch}};
}

}  // namespace pocketmq::server
