// The entrance for clients of the broker's own process: pipes instead of sockets.
#pragma once

#include <memory>

#include "broker/host/connections.hpp"
#include "protocol/url.hpp"

namespace pocketmq::broker {

/// An entrance for pipes to what `connections` serve, which must outlive it until it is closed.
[[nodiscard]] std::shared_ptr<protocol::PipeAcceptor> make_acceptor(Connections& connections);

/// The URL of an entrance, as guest.
[[nodiscard]] protocol::Url url_of(std::shared_ptr<protocol::PipeAcceptor> entrance, protocol::Encoding encoding);

}  // namespace pocketmq::broker
