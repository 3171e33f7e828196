// A client in a `World`, on one of its channels. Its functions are named by AMQP's verbs. If an expectation is not met,
// the test fails at the line that called the function. Functions such as `declares` expect the broker's usual answer.
// If a test expects another answer, it sends the method with `sends`, and checks the answer with `channel_is_closed` or
// `is_answered`.
#pragma once

#include <concepts>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "protocol/vocabulary/method.hpp"
#include "protocol/vocabulary/properties.hpp"
#include "tests/support/remote_end.hpp"
#include "tests/support/story.hpp"

namespace pocketmq::tests {

class World;
struct Login;

namespace basic = protocol::basic;
namespace channel = protocol::channel;
namespace confirm = protocol::confirm;
namespace connection = protocol::connection;
namespace exchange = protocol::exchange;
namespace queue = protocol::queue;
namespace tx = protocol::tx;
using protocol::BasicProperties;
using protocol::ReplyCode;

/// A message that a client is to get. What is not said is not compared, but `redelivered` always is.
struct Expected {
  std::string body;
  At at;
  bool is_redelivered{false};
  std::optional<std::string> consumer_tag{};
  std::optional<std::uint64_t> delivery_tag{};
  std::optional<std::uint32_t> messages_left{};
  std::optional<BasicProperties> properties{};

  Expected(const char* text, At where = At::current()) : body{text}, at{where} {}
  Expected(std::string text, At where = At::current()) : body{std::move(text)}, at{where} {}

  /// To the consumer with that tag.
  Expected to(std::string tag) && { return consumer_tag = std::move(tag), std::move(*this); }
  Expected tagged(std::uint64_t tag) && { return delivery_tag = tag, std::move(*this); }
  /// Of a get: that many messages are left.
  Expected leaving(std::uint32_t messages) && { return messages_left = messages, std::move(*this); }
  Expected with(const BasicProperties& these) && { return properties = these, std::move(*this); }
};

inline Expected message(std::string body, At at = At::current()) { return {std::move(body), at}; }
inline Expected redelivered(Expected message) {
  message.is_redelivered = true;
  return message;
}

/// A message to be published. It must outlive the call only.
struct Publication {
  std::string_view body{};
  BasicProperties properties{};
  std::string_view exchange{};
  bool mandatory{false};
  bool immediate{false};
};

/// What queue.declare-ok says.
struct Counts {
  std::uint32_t messages{0};
  std::uint32_t consumers{0};
};

class Client {
 public:
  Client(World& world, RemoteEnd& end, std::uint16_t channel) : world_{&world}, end_{&end}, channel_{channel} {}

  // ---- connection and channels

  /// Sends the whole handshake at once and expects nothing.
  Client shakes_hands(const Login& login) const;
  Client on_channel(std::uint16_t channel) const { return {*world_, *end_, channel}; }
  Client opens_channel(std::uint16_t channel, At at = At::current()) const;
  Client closes_channel(At at = At::current()) const;
  /// Closes the connection.
  void closes(At at = At::current()) const;
  /// Is gone without a word.
  void vanishes() const;

  // ---- queues

  Client declares(std::string_view queue, At at = At::current()) const;
  Client declares(const queue::Declare& method, At at = At::current()) const;
  /// A passive declare.
  Client finds(std::string_view queue, Counts counts, At at = At::current()) const;
  Client purges(std::string_view queue, std::uint32_t messages, At at = At::current()) const;
  Client deletes(std::string_view queue, std::uint32_t messages = 0, At at = At::current()) const;

  // ---- exchanges and bindings

  Client declares_exchange(std::string_view exchange, std::string_view type, At at = At::current()) const;
  Client declares_exchange(const exchange::Declare& method, At at = At::current()) const;
  Client deletes_exchange(std::string_view exchange, At at = At::current()) const;
  Client binds(std::string_view queue, std::string_view exchange, std::string_view routing_key = {},
               At at = At::current()) const;
  Client binds(const queue::Bind& method, At at = At::current()) const;
  Client unbinds(std::string_view queue, std::string_view exchange, std::string_view routing_key = {},
                 At at = At::current()) const;
  Client unbinds(const queue::Unbind& method, At at = At::current()) const;
  Client binds_exchange(std::string_view destination, std::string_view source, std::string_view routing_key = {},
                        At at = At::current()) const;
  Client binds_exchange(const exchange::Bind& method, At at = At::current()) const;
  Client unbinds_exchange(std::string_view destination, std::string_view source, std::string_view routing_key = {},
                          At at = At::current()) const;

  // ---- publishing, through the default exchange unless the publication says otherwise

  Client publishes(std::string_view routing_key, std::string_view body) const;
  Client publishes(std::string_view routing_key, std::initializer_list<std::string_view> bodies) const;
  Client publishes(std::string_view routing_key, const Publication& publication) const;
  /// All of them reach the broker in one read.
  Client publishes_at_once(std::string_view routing_key, std::initializer_list<std::string_view> bodies) const;
  Client publishes_to(std::string_view exchange, std::string_view routing_key, std::string_view body) const;
  Client is_returned(const Expected& message) const;

  // ---- confirms and transactions

  Client selects_confirms(At at = At::current()) const;
  /// Next on the channel comes the ack of that publish alone, the ack of all up to it, or the nack of it (which is said
  /// of all up to it, where nothing before it is open).
  Client is_confirmed(std::uint64_t publish, At at = At::current()) const;
  Client is_confirmed_up_to(std::uint64_t publish, At at = At::current()) const;
  Client is_refused(std::uint64_t publish, At at = At::current()) const;

  Client selects_tx(At at = At::current()) const;
  Client commits(At at = At::current()) const;
  Client rolls_back(At at = At::current()) const;

  // ---- consuming

  Client prefetches(std::uint16_t count, At at = At::current()) const;
  /// The limit that all consumers of the channel share.
  Client shares_prefetch(std::uint16_t count, At at = At::current()) const;
  Client consumes(std::string_view queue, std::string_view consumer_tag = {}, At at = At::current()) const;
  Client consumes(const basic::Consume& method, At at = At::current()) const;
  Client cancels(std::string_view consumer_tag, At at = At::current()) const;
  Client gets(std::string_view queue, const Expected& message) const;
  Client gets_nothing(std::string_view queue, At at = At::current()) const;

  /// These, and nothing more, wait on the channel, in this order.
  Client receives(const Expected& first, const std::convertible_to<Expected> auto&... rest) const {
    return receives_all({first, Expected{rest}...}, first.at);
  }
  Client receives_all(const std::vector<Expected>& messages, At at = At::current()) const;
  /// Nothing at all waits on the channel.
  Client receives_nothing(At at = At::current()) const;
  /// The broker has cancelled the consumer.
  Client is_cancelled(std::string_view consumer_tag, At at = At::current()) const;

  // ---- acking, by the body of a delivery on this channel, or by its tag

  Client acks(std::string_view body, At at = At::current()) const;
  Client acks_up_to(std::string_view body, At at = At::current()) const;
  Client acks_all() const;
  Client rejects(std::string_view body, At at = At::current()) const;
  Client requeues(std::string_view body, At at = At::current()) const;
  Client requeues_up_to(std::string_view body, At at = At::current()) const;
  Client requeues_all() const;

  // ---- anything else

  Client sends(const protocol::Method& method) const;
  Client sends(const protocol::Method& method, const protocol::Content& content) const;
  Client sends_bytes(std::string_view bytes) const;
  Client sends_header() const;
  Client sends_heartbeat() const;
  Client is_answered(const protocol::Method& answer, At at = At::current()) const;
  /// The answer, for a closer look.
  template <class M> [[nodiscard]] Received answer(At at = At::current()) const;
  Client receives_bytes(std::string_view bytes, At at = At::current()) const;

  /// The broker closes the channel with that text, which this client answers.
  Client channel_is_closed(ReplyCode code, std::string_view text, At at = At::current()) const;
  /// This client leaves the close unanswered.
  Client channel_close_comes(ReplyCode code, std::string_view text, At at = At::current()) const;
  /// The broker closes the connection with that text; when this client has answered, it is gone.
  void connection_is_closed(ReplyCode code, std::string_view text, At at = At::current()) const;
  Client connection_close_comes(ReplyCode code, std::string_view text, At at = At::current()) const;
  /// The broker ended the connection without a word.
  void is_cut(At at = At::current()) const;
  /// The broker says that it takes no publishes for now, or does again.
  Client is_blocked(At at = At::current()) const;
  Client is_unblocked(At at = At::current()) const;
  Client is_connected(At at = At::current()) const;
  /// The connection works and nothing waits: a channel.flow is answered.
  Client is_fine(At at = At::current()) const;

  // ---- reading

  Client stops_reading() const;
  Client reads(std::size_t bytes) const;
  Client reads_all() const;

  [[nodiscard]] int heartbeats() const;
  [[nodiscard]] broker::Session& session() const;
  [[nodiscard]] RemoteEnd& end() const { return *end_; }

 private:
  [[nodiscard]] std::uint64_t tag_of(std::string_view body, At at) const;
  /// Next on the channel comes this.
  Client comes_next(const protocol::Method& method, At at) const;
  [[nodiscard]] Received take_answer(const protocol::MethodId& id, At at) const;
  [[nodiscard]] Received take_close(const protocol::MethodId& id, ReplyCode code, std::string_view text, At at) const;
  [[nodiscard]] std::string inbox_described() const;

  World* world_;
  RemoteEnd* end_;
  std::uint16_t channel_;
};

template <class M> Received Client::answer(At at) const { return take_answer(M::id, at); }

}  // namespace pocketmq::tests
