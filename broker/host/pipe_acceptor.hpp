// Accepts clients of the broker's own process over pipes instead of sockets.
#pragma once

#include <memory>

#include "broker/host/connections.hpp"
#include "protocol/url.hpp"

namespace pocketmq::broker {

/// Makes an acceptor that adds pipes to `connections`, which must outlive it until it is closed.
[[nodiscard]] std::shared_ptr<protocol::PipeAcceptor> make_acceptor(Connections& connections);

/// The URL of a pipe acceptor, with the user guest.
[[nodiscard]] protocol::Url url_of(std::shared_ptr<protocol::PipeAcceptor> acceptor, protocol::Encoding encoding);

}  // namespace pocketmq::broker
