// A user's own headers and PocketMQ's do not meet.
#include <pocketmq/client/channel.hpp>
#include <pocketmq/client/rpc_client.hpp>
#include <pocketmq/server/rpc_server.hpp>

#include "client/channel.hpp"

#if __has_include("client/rpc_client.hpp") \
                  || __has_include("server/rpc_server.hpp") || __has_include("protocol/url.hpp")
#error "PocketMQ's own folders are on its user's include path"
#endif

extern const own::Message mine;
extern const pocketmq::client::Message theirs;
