#include "protocol/io/peer_state.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace pocketmq::protocol {
namespace {

constexpr int keep_alive_interval_seconds = 10;
constexpr int keep_alive_probes = 6;

void set_option(int descriptor, int level, int name, int value) {
  (void)::setsockopt(descriptor, level, name, &value, sizeof(value));  // if it fails, the system's own value holds
}

}  // namespace

PeerState peer_state_of_socket(int descriptor) {
  pollfd asked{.fd = descriptor, .events = POLLRDHUP, .revents = 0};
  if (::poll(&asked, 1, 0) <= 0) return PeerState::connected;
  if ((asked.revents & (POLLERR | POLLHUP | POLLNVAL)) != 0) return PeerState::disconnected;
  return (asked.revents & POLLRDHUP) != 0 ? PeerState::half_closed : PeerState::connected;
}

void keep_alive(int descriptor, std::chrono::seconds idle) {
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPIDLE, static_cast<int>(idle.count()));
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPINTVL, keep_alive_interval_seconds);
  set_option(descriptor, IPPROTO_TCP, TCP_KEEPCNT, keep_alive_probes);
  set_option(descriptor, SOL_SOCKET, SO_KEEPALIVE, 1);
}

}  // namespace pocketmq::protocol
