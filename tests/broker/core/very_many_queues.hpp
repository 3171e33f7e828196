// Queues so many that a message to all of them takes more than one turn.
#pragma once

#include <string>

#include "tests/support/client.hpp"

namespace pocketmq::tests {

/// Queues "1", "2", ..., more than get a message in one turn.
inline constexpr int very_many_queues = 20'000;

/// Declares them, and binds each to amq.fanout.
inline void binds_very_many_queues(const Client& client) {
  for (int i = 1; i <= very_many_queues; ++i) {
    const auto name = std::to_string(i);
    client.sends(queue::Declare{.queue = name, .no_wait = true});
    client.sends(queue::Bind{.queue = name, .exchange = "amq.fanout", .no_wait = true});
  }
}

}  // namespace pocketmq::tests
