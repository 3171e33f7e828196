// The options of a broker.
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

  /// Offered to AMQP clients in connection.tune; the client's tune-ok decides. 0 for no heartbeats.
  std::chrono::seconds heartbeat{60};
  /// How many channels a connection may have open at a time, at most 65535.
  std::uint16_t channel_max{2047};
  /// How many connections, queues, exchanges (without the predeclared ones), consumers and bindings the whole broker
  /// may have, in all virtual hosts together.
  std::size_t connection_max{100'000};
  std::size_t queue_max{1'000'000};
  std::size_t exchange_max{1'000'000};
  std::size_t consumer_max{1'000'000};
  std::size_t binding_max{1'000'000};
  /// How many bytes of arguments all queues, exchanges and bindings may have together.
  std::size_t argument_bytes_max{67'108'864};
  /// The memory mark in bytes: when the broker holds more for its clients, it holds publishers; see memory.hpp.
  std::size_t memory_max_bytes{1'073'741'824};
  /// The longest time from a connection's first byte to the end of the handshake. For a JSON client that sends no
  /// handshake, it ends with the first whole frame.
  std::chrono::seconds handshake_max{10};
  /// How many log-ins from one address may fail in ten seconds. After that each log-in waits for a second. 0 for no
  /// limit.
  unsigned login_failures_max{50};
  /// How long a peer may leave a frame or a message incomplete and send little of it, see Intake. A message that stalls
  /// is only refused while memory is scarce or crowded.
  std::chrono::milliseconds stall_max{5'000};
  /// After how long the system probes an idle TCP connection, to notice that the peer's machine is gone. 0 for never.
  std::chrono::seconds tcp_keepalive{60};

  /// How long a delivery may stay unacked before its channel is closed; 0 for no limit. A queue's `x-consumer-timeout`
  /// takes precedence.
  std::chrono::milliseconds consumer_timeout{std::chrono::minutes{30}};

  /// Virtual hosts in addition to "/". The user guest has all permissions there.
  std::vector<std::string> virtual_hosts{};
  /// Definitions in RabbitMQ's JSON format (broker/definitions/definitions.hpp), loaded after guest and the virtual
  /// hosts were added. Empty for none.
  std::string definitions{};
  /// Further users, with all permissions in every virtual host. A user that exists already gets the password and keeps
  /// its permissions.
  struct Account {
    std::string name;
    std::string password;
  };
  std::vector<Account> users{};
  /// Whether guest may also log in from other machines, as with RabbitMQ's `loopback_users = none`.
  bool guest_from_anywhere{false};

  /// The product that connection.start names. Some clients apply RabbitMQ's rules only if they read its name here.
  std::string product{"RabbitMQ"};
  std::string product_version{"3.10.8"};

  /// How many bytes the last events of the journal may take (events/journal.hpp). 0: none are kept, and the journal
  /// costs nothing until somebody subscribes.
  std::size_t journal_bytes{0};

  /// What a wall clock shows when the broker is made: the time of its first events. `Embedded` and `InProcess` ask the
  /// clock if it is not set.
  std::chrono::system_clock::time_point begins_at{};

  /// For tests: how far the broker's clock is ahead of the real one at the start, and whether it stands still then. See
  /// clock.hpp for what goes by it.
  std::chrono::milliseconds clock_offset{0};
  bool clock_is_frozen{false};

  /// For tests only: makes the names that the broker creates (queues, consumer tags, reply addresses) the same in each
  /// run. Anybody can then compute them. Without a seed they come from the system's random source, and nobody can guess
  /// them.
  std::optional<std::uint64_t> seed{};
};

}  // namespace pocketmq::broker
