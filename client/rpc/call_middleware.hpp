// One part of the chain through which each call goes, and its result back.
#pragma once

#include <functional>

#include "client/values/rpc_request.hpp"

namespace pocketmq::client {

/// Goes on with the call. It may be copied, kept, called later, on any thread, and more than once (which is how `retry`
/// works), each time with a callback that is called once.
using NextCall = std::function<void(RpcRequest, Completed)>;

/// May change the request, look at the result or change it, or complete the call itself. It is called on the caller's
/// thread, what it gives `next` to complete usually on the connection's; neither may block or throw. Whatever happens
/// it must see to it that the `Completed` it was given is called once.
using CallMiddleware = std::function<void(RpcRequest, NextCall, Completed)>;

}  // namespace pocketmq::client
