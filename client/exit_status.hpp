// The exit statuses of failed calls. pocketmq-call exits with them. Commands of pocketmq-serve may exit with them.
#pragma once

#include <optional>

#include "client/values/rpc_error.hpp"

namespace pocketmq::client {

/// 64 + gRPC's number of the code, as grpcurl exits: 65 for `cancelled` to 80 for `unauthenticated`.
[[nodiscard]] constexpr int exit_status(RpcCode code) { return 65 + static_cast<int>(code); }

/// The code of an exit status; nullopt for any other status.
[[nodiscard]] constexpr std::optional<RpcCode> code_of_exit_status(int status) {
  if (status < exit_status(RpcCode{}) || status > exit_status(RpcCode::unauthenticated)) return std::nullopt;
  return static_cast<RpcCode>(status - exit_status(RpcCode{}));
}

}  // namespace pocketmq::client
