// Keeps programs that this process starts from inheriting its sockets. Asio 1.22 does not do so.
#pragma once

#include <cerrno>
#include <system_error>

#include <fcntl.h>
#include <sys/socket.h>

#include <asio/error.hpp>
#include <asio/ip/tcp.hpp>

namespace pocketmq::protocol {

/// Opens a TCP socket that is closed on exec from the start. In everything else it does the same as the socket's
/// `open`.
template <class Socket> void open_close_on_exec(Socket& socket, const asio::ip::tcp& protocol, std::error_code& error) {
  const int descriptor = ::socket(protocol.family(), SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP);
  if (descriptor < 0)
    error.assign(errno, asio::error::get_system_category());
  else
    socket.assign(protocol, descriptor, error);
}

/// Marks an open socket or acceptor as closed on exec.
template <class Socket> void close_on_exec(Socket& socket) { ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC); }

}  // namespace pocketmq::protocol
