// Handlers that are coroutines.
#pragma once

#include "client/values/asio_forward.hpp"
#include "client/values/callbacks.hpp"
#include "client/values/rpc_request.hpp"
#include "server/context.hpp"
#include "server/outcome.hpp"

namespace pocketmq::server {

/// Runs the coroutine that `start` returns, on a strand of the context's executor. If a stop is requested, the
/// operation that the coroutine awaits is cancelled. `start` lives until the coroutine ends.
void run_coroutine(Context& context, client::MoveOnlyFunction<client::Awaitable<client::Payload>()> start,
                   Answered answered);

}  // namespace pocketmq::server
