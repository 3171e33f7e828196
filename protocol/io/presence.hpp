// Whether a peer is still there, for who does not read from it and so would not notice.
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

/// Has the system probe the peer of an idle TCP socket after that time, and give it up if it answers none of several
/// probes: so that one whose machine has gone is noticed. Other sockets are left as they are.
void keep_alive(int descriptor, std::chrono::seconds idle);

/// Of the peer at the other end of a stream: a socket, or one that has a `peer()` itself.
template <class Stream> [[nodiscard]] Presence presence_of_peer(Stream& stream) {
  if constexpr (requires {
                  { stream.peer() } -> std::same_as<Presence>;
                })
    return stream.peer();
  else
    return presence_of_socket(stream.native_handle());
}

}  // namespace pocketmq::protocol
