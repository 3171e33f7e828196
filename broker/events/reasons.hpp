// Enums for the fields of events: why something happens, and other fields that have one of a few values.
#pragma once

#include "broker/events/values.hpp"

namespace pocketmq::broker::event {

enum class Encoding : std::uint8_t { amqp, json };
template <> inline constexpr std::array<std::string_view, 2> names_of<Encoding>{"amqp", "json"};

/// Which side closes a connection or a channel, or asks for channel.flow. `connection`: a channel ends because its
/// connection ends.
enum class By : std::uint8_t { client, broker, connection };
template <> inline constexpr std::array<std::string_view, 3> names_of<By>{"client", "broker", "connection"};

/// What a refusal ends.
enum class RefusalScope : std::uint8_t { channel, connection, login };
template <> inline constexpr std::array<std::string_view, 3> names_of<RefusalScope>{"channel", "connection", "login"};

enum class ChannelMode : std::uint8_t { confirm, transaction };
template <> inline constexpr std::array<std::string_view, 2> names_of<ChannelMode>{"confirm", "transaction"};

enum class AckMode : std::uint8_t { manual, automatic };
template <> inline constexpr std::array<std::string_view, 2> names_of<AckMode>{"manual", "automatic"};

/// What a binding leads to.
enum class Target : std::uint8_t { queue, exchange };
template <> inline constexpr std::array<std::string_view, 2> names_of<Target>{"queue", "exchange"};

/// How a message came from an exchange to its next exchange or queue: by a binding; by the default exchange, which
/// knows all queues by their names; or to the alternate exchange, because no binding matched.
enum class Via : std::uint8_t { binding, queue_name, alternate };
template <> inline constexpr std::array<std::string_view, 3> names_of<Via>{"binding", "queue_name", "alternate"};

/// Why a queue, an exchange, a binding or a consumer is deleted.
enum class Gone : std::uint8_t {
  asked,             // a client deleted, unbound or cancelled it
  auto_delete,       // the last consumer of the queue has gone, or the last binding from the exchange
  expired,           // the queue was not used for as long as its x-expires says
  connection_ended,  // the queue was exclusive to a connection that has ended
  channel_ended,     // the consumer's channel has ended
  queue_deleted,     // the queue of the consumer or the binding was deleted
  exchange_deleted,  // one of the binding's exchanges was deleted
  vhost_deleted,     // its virtual host was deleted
  restarted          // the broker, or its virtual host, was restarted, and it is not durable or all is lost
};
template <>
inline constexpr std::array<std::string_view, 9> names_of<Gone>{
    "asked",         "auto_delete",      "expired",       "connection_ended", "channel_ended",
    "queue_deleted", "exchange_deleted", "vhost_deleted", "restarted"};

/// Why an unacked delivery is requeued.
enum class Requeued : std::uint8_t {
  asked,            // basic.nack or basic.reject with requeue
  recovered,        // basic.recover
  channel_ended,    // its channel was closed, or its connection
  connection_lost,  // its connection was lost
  ack_lost          // a fault of the test kit: the client's ack got lost
};
template <>
inline constexpr std::array<std::string_view, 5> names_of<Requeued>{"asked", "recovered", "channel_ended",
                                                                    "connection_lost", "ack_lost"};

/// Why a queue passes a message to its dead-letter exchange: RabbitMQ's reasons.
enum class Death : std::uint8_t { rejected, expired, maxlen, delivery_limit };
template <>
inline constexpr std::array<std::string_view, 4> names_of<Death>{"rejected", "expired", "maxlen", "delivery_limit"};

/// Where a message was when it was dropped.
enum class Stage : std::uint8_t {
  publish,      // before any queue was found for it
  enter,        // a queue was found, but has not taken it
  queue,        // in a queue, ready or unacked
  dead_letter,  // a queue has dead-lettered it, and it is not published again yet
  reply         // a direct reply, on its way to the requester
};
template <>
inline constexpr std::array<std::string_view, 5> names_of<Stage>{"publish", "enter", "queue", "dead_letter", "reply"};

/// Why a message is dropped.
enum class Dropped : std::uint8_t {
  unroutable,               // no queue is bound for it, and it is not mandatory
  queue_full,               // the queue refuses it: x-overflow reject-publish
  maxlen,                   // the queue drops its first message for a new one, and has no dead-letter exchange
  expired,                  // it has expired, and the queue has no dead-letter exchange
  rejected,                 // a consumer rejected it, and the queue has no dead-letter exchange or was deleted
  delivery_limit,           // it came back too often, and the queue has no dead-letter exchange
  purged,                   // its queue was purged
  queue_deleted,            // its queue was deleted
  no_dead_letter_exchange,  // the dead-letter exchange does not exist
  dead_letter_cycle,        // the dead letter would come back to a queue where it died (Cycle)
  dead_letter_limit,        // the broker makes no more dead letters of it by itself
  requester_gone,           // a direct reply whose requester has gone
  requester_slow,           // a direct reply, while too many wait for requesters that do not read
  rolled_back,              // its transaction was rolled back, or not committed
  no_memory,                // the broker's memory is exhausted
  restarted,                //  the broker was restarted, and the message or its queue is not durable, or all is lost
  fault                     // a fault of the test kit
};
template <>
inline constexpr std::array<std::string_view, 17> names_of<Dropped>{"unroutable",
                                                                    "queue_full",
                                                                    "maxlen",
                                                                    "expired",
                                                                    "rejected",
                                                                    "delivery_limit",
                                                                    "purged",
                                                                    "queue_deleted",
                                                                    "no_dead_letter_exchange",
                                                                    "dead_letter_cycle",
                                                                    "dead_letter_limit",
                                                                    "requester_gone",
                                                                    "requester_slow",
                                                                    "rolled_back",
                                                                    "no_memory",
                                                                    "restarted",

                                                                    "fault"};

}  // namespace pocketmq::broker::event
