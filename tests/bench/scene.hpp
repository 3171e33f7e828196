// A broker's core with peers around it, brought to a size: what the curves are measured on.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/queue/queue.hpp"
#include "tests/bench/peer.hpp"

namespace pocketmq::bench {

inline constexpr std::size_t batch = 100;  // messages that come with one read
inline constexpr std::string_view body = "16 bytes of body";
inline constexpr std::string_view no_properties{"\0\0", 2};

/// `bytes`, that often.
inline std::string times(std::size_t count, std::string_view bytes) {
  std::string repeated;
  repeated.reserve(count * bytes.size());
  for (std::size_t i = 0; i < count; ++i) repeated += bytes;
  return repeated;
}

class Scene {
 public:
  /// Without limits that would end a scene before its size is reached. `definitions` are RabbitMQ's, in JSON.
  explicit Scene(std::string definitions = {}) : loop_{without_limits(std::move(definitions))} {}

  [[nodiscard]] Loop& loop() { return loop_; }
  /// Lives as long as the scene.
  Peer& connect() { return *peers_.emplace_back(std::make_unique<Peer>(loop_)); }

  static void declare(Peer& peer, std::string_view name, protocol::FieldTable arguments = {}) {
    peer.say(protocol::queue::Declare{.queue = protocol::ShortString{name}, .no_wait = true, .arguments = arguments});
  }

  /// The bytes of one message.
  [[nodiscard]] static std::string message_to(Peer& peer, std::string_view routing_key, std::string_view exchange = "",
                                              std::string_view properties = no_properties) {
    return peer.encoded({.channel = 1,
                         .method = protocol::basic::Publish{.exchange = protocol::ShortString{exchange},
                                                            .routing_key = protocol::ShortString{routing_key}},
                         .content = protocol::Content{.properties = protocol::Properties{properties}, .body = body}});
  }

  /// `one` is the bytes of one message.
  static void publish(Peer& publisher, std::size_t count, std::string_view one) {
    const auto many = times(batch, one);
    for (std::size_t i = 0; i < count / batch; ++i) publisher.feed(many);
    publisher.feed(times(count % batch, one));
  }

  /// Throws if the queue does not hold that many ready and unacked messages.
  void require(std::string_view name, std::size_t ready, std::size_t unacked) {
    const auto& found = loop_.broker().find_virtual_host("/")->require_queue(name);
    if (found.ready() != ready || found.unacked() != unacked)
      throw std::logic_error{std::string{name} + " has " + std::to_string(found.ready()) + " ready and "
                             + std::to_string(found.unacked()) + " unacked, not what it should"};
  }

 private:
  static broker::Options without_limits(std::string definitions) {
    broker::Options options{.memory_max_bytes = std::size_t{1} << 40};
    options.definitions = std::move(definitions);
    return options;
  }

  Loop loop_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

/// Takes what was sent, which must be that many messages at least.
inline void require_messages(Peer& consumer, std::size_t count) {
  if (consumer.drain() < count * body.size()) throw std::logic_error{"not everything was delivered"};
}

}  // namespace pocketmq::bench
