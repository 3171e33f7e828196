// Middleware: each call passes through a chain of these, and its result passes back.
#pragma once

#include <functional>

#include "client/values/rpc_request.hpp"

namespace pocketmq::client {

/// Continues the call. It may be copied, kept and called later, on any thread. It may be called more than once, as
/// `retry` does, each time with a callback of its own, which is called once.
using NextCall = std::function<void(RpcRequest, Completed)>;

/// May change the request, read or change the result, or complete the call itself. It runs on the caller's thread. The
/// callback that it gives to `next` usually runs on the connection's thread. Neither may block or throw. It must make
/// sure that its own `Completed` is called once, whatever happens.
using CallMiddleware = std::function<void(RpcRequest, NextCall, Completed)>;

}  // namespace pocketmq::client
