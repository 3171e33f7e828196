// A connection over a non-blocking socket to a server on this machine, and the loop that serves several of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <span>

#include "protocol/codec/output.hpp"

namespace pocketmq::bench {

class Connection {
 public:
  /// Connects to that port of 127.0.0.1. Throws std::system_error if nobody listens there.
  explicit Connection(std::uint16_t port);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  virtual ~Connection();

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] std::size_t unsent() const { return output_.size(); }
  /// Sends what the socket takes.
  void flush();
  /// Reads once and hands on what has come.
  virtual void receive() = 0;
  /// Ends the connection with a reset, as a machine does that crashed.
  void cut();

 protected:
  [[nodiscard]] protocol::Output& output() { return output_; }
  /// Reads what is there; 0 for nothing. Throws if the server has ended the connection.
  [[nodiscard]] std::size_t read(std::span<std::byte> to) const;

 private:
  int descriptor_;
  protocol::Output output_;
};

/// Serves the connections until `done()`. Throws if nothing comes for half a minute.
void serve(std::initializer_list<Connection*> connections, const std::function<bool()>& done);

}  // namespace pocketmq::bench
