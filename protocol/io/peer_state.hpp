// Whether a peer is still connected. For a side that does not read from the peer now, and so would not notice its end.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>

namespace pocketmq::protocol {

enum class PeerState : std::uint8_t {
  connected,
  half_closed,  // it has ended its direction (a FIN); what it sent before can still be read
  disconnected  // reset, or hung up in both directions
};

/// The state of a connected socket's peer. Reads nothing and does not block.
[[nodiscard]] PeerState peer_state_of_socket(int descriptor);

/// Turns TCP keepalive on: after `idle` without data the system probes the peer, and closes the connection if the peer
/// answers none of several probes, for example because its machine has crashed. Other kinds of sockets are not changed.
void keep_alive(int descriptor, std::chrono::seconds idle);

/// The state of a stream's peer. The stream is a socket, or has a function `peer_state()`.
template <class Stream> [[nodiscard]] PeerState peer_state_of(Stream& stream) {
  if constexpr (requires {
                  { stream.peer_state() } -> std::same_as<PeerState>;
                })
    return stream.peer_state();
  else
    return peer_state_of_socket(stream.native_handle());
}

}  // namespace pocketmq::protocol
