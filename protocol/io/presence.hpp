// Whether a peer is still connected, for those who do not read from it at the moment and so would not notice.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>

namespace pocketmq::protocol {

enum class Presence : std::uint8_t {
  there,
  says_no_more,  // it has ended its direction (a FIN); what it sent before can still be read
  gone           // reset, or hung up in both directions
};

/// Of a connected socket, by its descriptor. Reads nothing and does not block.
[[nodiscard]] Presence presence_of_socket(int descriptor);

/// Has the system probe the peer of a TCP socket that was idle for that long, and close the connection if the peer
/// answers none of several probes: its machine may have crashed. Other kinds of sockets stay as they are.
void keep_alive(int descriptor, std::chrono::seconds idle);

/// The presence of a stream's peer. The stream is a socket, or has a function `peer()`.
template <class Stream> [[nodiscard]] Presence presence_of_peer(Stream& stream) {
  if constexpr (requires {
                  { stream.peer() } -> std::same_as<Presence>;
                })
    return stream.peer();
  else
    return presence_of_socket(stream.native_handle());
}

}  // namespace pocketmq::protocol
