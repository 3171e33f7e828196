// What is in a broker at one moment: virtual hosts with exchanges, bindings, queues and consumers; and connections with
// channels and their unacked deliveries. A snapshot is plain data. It can be made from the journal (JournalState) or
// from the broker's own objects, and compared.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "broker/events/reasons.hpp"

namespace pocketmq::broker {

/// Arguments are encoded tables.
struct Snapshot {
  struct Exchange {
    std::string type{};
    bool durable{false};
    bool auto_delete{false};
    bool internal{false};
    std::string alternate{};
    std::string arguments{};
  };
  struct Binding {
    std::string source{};
    std::string destination{};
    event::Target destination_is{};
    std::string routing_key{};
    std::string arguments{};

    friend auto operator<=>(const Binding&, const Binding&) = default;
  };
  /// By connection, channel and tag.
  using ConsumerName = std::tuple<std::uint64_t, std::uint16_t, std::string>;
  struct Consumer {
    event::AckMode ack_mode{};
    bool exclusive{false};
    std::uint16_t prefetch{0};
    std::int64_t priority{0};
    std::uint64_t unacked{0};
  };
  struct Queue {
    std::string type{};
    bool durable{false};
    bool auto_delete{false};
    std::uint64_t exclusive_to{0};  // the number of a connection; 0: not exclusive
    std::string arguments{};
    std::uint64_t ready_count{0};
    std::vector<std::uint64_t> ready{};  // numbers of messages, in their order; of very many perhaps only the first
    std::uint64_t unacked{0};
    std::map<ConsumerName, Consumer> consumers{};
  };
  struct Policy {
    std::string pattern{};
    std::string apply_to{};
    std::int64_t priority{0};
    std::string settings{};
  };
  struct Vhost {
    std::map<std::string, Exchange> exchanges{};
    // Two equal bindings may be here for some turns: one of a deleted queue or exchange, which is not removed yet, and
    // one of a new queue or exchange with the same name.
    std::multiset<Binding> bindings{};
    std::map<std::string, Queue> queues{};
    std::map<std::string, Policy> policies{};
  };

  struct Unacked {
    std::uint64_t message{0};
    std::string queue{};     // which may be deleted
    std::string consumer{};  // empty for a basic.get, and once the consumer is cancelled
    bool redelivered{false};
  };
  struct ReplyConsumer {
    std::string tag{};
    std::string reply_to{};
  };
  struct Channel {
    std::optional<event::ChannelMode> mode{};
    std::uint16_t prefetch{0};         // of each consumer started from now on
    std::uint16_t shared_prefetch{0};  // of all consumers together
    std::uint64_t unacked_count{0};
    std::map<std::uint64_t, Unacked> unacked{};  // by delivery tag; of very many perhaps only some
    std::optional<ReplyConsumer> reply_consumer{};
  };
  struct Connection {
    std::string name{};
    std::string address{};
    std::string user{};   // empty until it has logged in
    std::string vhost{};  // the same
    std::optional<event::Encoding> encoding{};
    bool blocked{false};
    std::map<std::uint16_t, Channel> channels{};
  };

  std::uint64_t number{0};  // of the last event in it
  std::map<std::string, Vhost> vhosts{};
  std::map<std::uint64_t, Connection> connections{};
};

/// The snapshot as one JSON object. README.md describes it.
[[nodiscard]] std::string to_json(const Snapshot& snapshot);

}  // namespace pocketmq::broker
