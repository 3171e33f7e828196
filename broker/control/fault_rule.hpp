// A rule of the test kit: which commands it is about, at which of them it fires, and what happens then.
//
//     FaultRule{.name = "the second publish", .on = {.method = "basic.publish", .queue = ...},
//               .when = fault::Nth{2}, .act = fault::Nack{}}
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "broker/request/text_match.hpp"
#include "broker/session/command_gate.hpp"

namespace pocketmq::broker {

namespace fault {

/// Which way a command goes.
enum class Direction : std::uint8_t { to_broker, to_client };
[[nodiscard]] std::string_view name_of(Direction direction);

/// The commands that a rule is about. What is not given is not compared.
struct On {
  std::string method;  // AMQP's name, "basic.publish"
  /// Has to be given for the few methods that go both ways, such as basic.ack.
  std::optional<Direction> direction{};
  std::optional<TextMatch> connection{};  // its connection_name, or its address if it has no name
  std::optional<std::uint64_t> connection_number{};
  /// The queue that the command names. Of basic.deliver and basic.consume-ok, the consumer's queue; of an ack, nack or
  /// reject, that of the delivery.
  std::optional<TextMatch> queue{};
  std::optional<TextMatch> exchange{};  // that the command names; of exchange.bind and unbind, the source
  std::optional<TextMatch> routing_key{};
  std::optional<TextMatch> body{};
};

// ---- when a rule fires, of the commands that it is about

struct Each {};
struct Nth {  // only the nth, counted from 1
  std::uint64_t number;
};
struct Times {  // the first ones
  std::uint64_t count;
};
struct Every {  // each nth
  std::uint64_t number;
};
struct Chance {  // by the broker's seed (Options::seed; 0 without one): the same in each run
  double probability;
};
using When = std::variant<Each, Nth, Times, Every, Chance>;

// ---- what happens: lawful, as a RabbitMQ may do it

/// The publish goes to no queue, and is nacked. Only in confirm mode.
struct Nack {};
/// The publish goes to no queue, and is returned, and then acked in confirm mode. Only if it is mandatory.
struct Return {
  std::uint16_t code{312};
  std::string text{"NO_ROUTE"};
};
/// The channel is closed with that code: a command to the broker is not carried out; one to the client is sent before.
struct CloseChannel {
  std::uint16_t code{406};
  std::string text{};  // empty: the text says that a fault did it
};
/// The same with the connection.
struct CloseConnection {
  std::uint16_t code{320};
  std::string text{};
};
/// The connection is cut.
struct CutOff {
  struct Before {};  // the command is not carried out, or not sent
  /// A command to the broker is carried out, and nothing more is sent: its answer gets lost. One to the client is sent.
  struct After {};
  /// Of a command to the client, that many bytes are sent. One to the broker is not carried out.
  struct Bytes {
    std::size_t count;
  };
  std::variant<Before, After, Bytes> at{};
  Cut how{Cut::end};
};
/// The consumer is cancelled after the command, basic.deliver or basic.consume-ok, as if its queue had been deleted.
struct Cancel {};
/// The client's publishes have to wait, and a client that understands it is told connection.blocked. If the command is
/// a publish, it waits too. Ends by an Unblock, or after that time on the broker's clock.
struct Block {
  std::optional<std::chrono::nanoseconds> time{};
};
struct Unblock {};
/// The command is refused, and its channel closed. Without a text it is RabbitMQ's for that code: 403 (no permission),
/// 404 (no such queue or exchange), 405 (exclusive to another connection) or 406 (it exists with other arguments).
struct Refuse {
  std::uint16_t code{406};
  std::string text{};
};
/// The command is carried out or sent later, by the broker's clock. What comes after it on its connection waits, too.
struct Delay {
  std::chrono::nanoseconds time{};
};
/// The delivery comes twice: the client's ack of it gets lost, and it is requeued. It comes again with a new tag, as
/// redelivered. On basic.deliver or basic.ack, and only with manual acks outside of a transaction.
struct Redeliver {};
/// The publish is refused as by a full queue with `x-overflow: reject-publish`: nacked in confirm mode, else dropped.
struct Full {};
/// The broker restarts instead of carrying out the command, or after sending it.
struct Restart {};

// ---- unlawful: TCP and AMQP exclude these

/// The command gets lost.
struct Drop {};
/// The command is carried out or sent twice.
struct Duplicate {};
/// The command changes places with the next one of its connection and direction.
struct Reorder {};

using Action = std::variant<Nack, Return, CloseChannel, CloseConnection, CutOff, Cancel, Block, Unblock, Refuse, Delay,
                            Redeliver, Full, Restart, Drop, Duplicate, Reorder>;

/// As in the JSON of a rule: "nack", "close_channel", ...
[[nodiscard]] std::string_view name_of(const Action& action);
[[nodiscard]] bool is_lawful(const Action& action);

}  // namespace fault

struct FaultRule {
  /// For reports. Empty: what happens and to which method, such as "nack of basic.publish".
  std::string name{};
  /// Commands of connections to this virtual host only; nothing for all.
  std::optional<std::string> scope{};
  fault::On on;
  fault::When when{};
  fault::Action act;
  /// Has to be true for actions that are not lawful.
  bool unlawful{false};
};

/// Returns the rule with its name and direction filled in. Throws ControlError of kind `bad` if the rule makes no
/// sense: a method that does not exist, an action that does not fit it, and so on.
[[nodiscard]] FaultRule checked(FaultRule rule);

}  // namespace pocketmq::broker
