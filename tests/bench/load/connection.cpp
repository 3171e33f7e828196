#include "tests/bench/load/connection.hpp"

#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace pocketmq::bench {
namespace {

constexpr int silence_max_ms = 30'000;

[[noreturn]] void fail(const char* what) { throw std::system_error{errno, std::generic_category(), what}; }

}  // namespace

Connection::Connection(std::uint16_t port) : descriptor_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)} {
  if (descriptor_ < 0) fail("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int on = 1;
  ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const auto error = errno;
    ::close(descriptor_);
    errno = error;
    fail("connect");
  }
}

Connection::~Connection() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void Connection::flush() {
  std::array<std::string_view, 64> pieces;
  std::array<iovec, 64> buffers;
  while (!output_.empty()) {
    const auto count = output_.gather(pieces);
    for (std::size_t i = 0; i < count; ++i) buffers[i] = {const_cast<char*>(pieces[i].data()), pieces[i].size()};
    msghdr message{};
    message.msg_iov = buffers.data();
    message.msg_iovlen = count;
    const auto sent = ::sendmsg(descriptor_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) fail("send");
    output_.consume(static_cast<std::size_t>(sent));
  }
}

std::size_t Connection::read(std::span<std::byte> to) const {
  const auto bytes = ::recv(descriptor_, to.data(), to.size(), MSG_DONTWAIT);
  if (bytes == 0) throw std::runtime_error{"the server has ended the connection"};
  if (bytes < 0 && errno != EAGAIN) fail("receive");
  return bytes < 0 ? 0 : static_cast<std::size_t>(bytes);
}

void Connection::cut() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::close(descriptor_);
  descriptor_ = -1;
}

void serve(std::initializer_list<Connection*> connections, const std::function<bool()>& done) {
  std::vector<pollfd> polled(connections.size());
  while (!done()) {
    auto* each = polled.data();
    for (auto* connection : connections) {
      connection->flush();
      const int events = connection->unsent() > 0 ? POLLIN | POLLOUT : POLLIN;
      *each++ = {.fd = connection->descriptor(), .events = static_cast<short>(events), .revents = 0};
    }
    const auto ready = ::poll(polled.data(), polled.size(), silence_max_ms);
    if (ready < 0) fail("poll");
    if (ready == 0) throw std::runtime_error{"the server has been silent for half a minute"};
    each = polled.data();
    for (auto* connection : connections)
      if ((each++->revents & (POLLIN | POLLERR | POLLHUP)) != 0) connection->receive();
  }
}

}  // namespace pocketmq::bench
