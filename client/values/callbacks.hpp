// Callback types of clients and servers.
#pragma once

#include <system_error>

#include "protocol/base/move_only_function.hpp"

namespace pocketmq::client {

using protocol::MoveOnlyFunction;

/// Called once, when an operation is over.
template <class... Results> using Done = MoveOnlyFunction<void(std::error_code, Results...)>;

}  // namespace pocketmq::client
