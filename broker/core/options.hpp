// What a broker is started with.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "protocol/vocabulary/limits.hpp"

namespace pocketmq::broker {

struct Options {
  protocol::Limits limits{};

  /// Offered to AMQP clients in connection.tune; the client's tune-ok decides. 0 for none.
  std::chrono::seconds heartbeat{60};
  /// Channels a connection may have open at a time, at most 65535.
  std::uint16_t channel_max{2047};
  /// Open connections, queues, exchanges (but for those that are there from the start), consumers and bindings of the
  /// whole broker, in all virtual hosts.
  std::size_t connection_max{100'000};
  std::size_t queue_max{1'000'000};
  std::size_t exchange_max{1'000'000};
  std::size_t consumer_max{1'000'000};
  std::size_t binding_max{1'000'000};
  /// Bytes of arguments that all queues, exchanges and bindings together keep.
  std::size_t argument_bytes_max{67'108'864};
  /// What the broker may hold for its clients before it holds those who publish; see memory.hpp.
  std::size_t memory_max_bytes{1'073'741'824};
  /// From the first byte to the end of the handshake; for a JSON connection that sends none, to its first whole frame.
  std::chrono::seconds handshake_max{10};
  /// Log-ins from one address that may fail in ten seconds; after that each one waits for a second. 0 for any number.
  unsigned login_failures_max{50};
  /// How long a peer may be half-way with a frame or a message and send little of it, see Intake. A message that stalls
  /// is only cut where memory is scarce or crowded.
  std::chrono::milliseconds stall_max{5'000};
  /// After how long an idle TCP connection is probed by the system, so that a peer whose machine has gone is noticed; 0
  /// for never.
  std::chrono::seconds tcp_keepalive{60};

  /// How long a delivery may stay unacked before its channel is closed; 0 for ever. `x-consumer-timeout` of a queue
  /// takes precedence.
  std::chrono::milliseconds consumer_timeout{std::chrono::minutes{30}};

  /// Virtual hosts beside "/". guest may do everything in them.
  std::vector<std::string> virtual_hosts{};
  /// Definitions in RabbitMQ's JSON format (broker/definitions/definitions.hpp), on top of guest and the virtual hosts.
  /// Empty for none.
  std::string definitions{};
  /// Users beside those, who may do everything in every virtual host. One who is there already gets the password, and
  /// keeps the permissions.
  struct Account {
    std::string name;
    std::string password;
  };
  std::vector<Account> users{};
  /// Whether guest may log in from other machines too; RabbitMQ's `loopback_users = none`.
  bool guest_from_anywhere{false};

  /// What connection.start says of the broker. Some clients apply RabbitMQ's rules only if they read its name here.
  std::string product{"RabbitMQ"};
  std::string product_version{"3.10.8"};

  /// For tests: how far the broker's clock is ahead of the real one at the start, and whether it stands still then. See
  /// clock.hpp for what goes by it.
  std::chrono::milliseconds clock_offset{0};
  bool clock_is_frozen{false};

  /// For tests only: makes the names that the broker invents (queues, consumer tags, reply addresses) the same in each
  /// run, and so lets anybody compute them. Without it they come from the system's random source, and nobody can guess
  /// them.
  std::optional<std::uint64_t> seed{};
};

}  // namespace pocketmq::broker
