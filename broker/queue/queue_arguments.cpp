#include "broker/queue/queue_arguments.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>

#include "broker/core/errors.hpp"
#include "broker/core/redeclaration.hpp"
#include "broker/core/time_max.hpp"

namespace pocketmq::broker {
namespace {

using protocol::FieldTable;
using protocol::FieldValue;

constexpr std::string_view queue_type_argument = "x-queue-type";

// ---- valid values

// One argument of a queue or of its consumer, with the other arguments.
class Argument {
 public:
  Argument(std::string_view name, FieldValue value, FieldTable all, std::string_view queue)
      : name_{name}, value_{value}, all_{all}, queue_{queue} {}

  [[nodiscard]] bool has_other(std::string_view other) const { return all_.find(other).has_value(); }

  [[noreturn]] void refuse(const std::string& why) const {
    throw ChannelError{ReplyCode::precondition_failed,
                       "invalid arg " + in_single_quotes(name_) + " for " + std::string{queue_} + ": " + why};
  }

  [[nodiscard]] std::int64_t integer() const {
    if (const auto number = value_.integer()) return *number;
    refuse("\"expected integer, got " + std::string{type_name(value_.type)} + "\"");
  }

  void require_integer(std::int64_t min, std::int64_t max) const {
    const auto number = integer();
    if (number >= min && number <= max) return;
    refuse(std::to_string(number)
           + (number < 0     ? " is negative"
              : number < min ? " is too small, the least is " + std::to_string(min)
                             : " is too large, the most is " + std::to_string(max)));
  }

  void require_type(char type) const {
    if (value_.type == type) return;
    refuse("a " + std::string{type_name(type)} + " is wanted, a " + std::string{type_name(value_.type)} + " was given");
  }

  // `unsupported` is what RabbitMQ calls an unknown text. If it is empty, our own text lists the valid ones.
  void require_one_of(std::initializer_list<std::string_view> texts, std::string_view unsupported = {}) const {
    require_type('S');
    if (std::ranges::find(texts, value_.bytes) != texts.end()) return;
    if (!unsupported.empty())
      refuse("\"unsupported " + std::string{unsupported} + " " + in_single_quotes(value_.bytes) + "\"");
    std::string all;
    for (const auto text : texts) all += (all.empty() ? "" : ", ") + in_single_quotes(text);
    refuse(in_single_quotes(value_.bytes) + " is none of " + all);
  }

 private:
  std::string_view name_;
  FieldValue value_;
  FieldTable all_;
  std::string_view queue_;
};

void check_time(const Argument& a) { a.require_integer(0, time_max.count()); }
void check_expires(const Argument& a) { a.require_integer(1, time_max.count()); }
void check_count(const Argument& a) { a.require_integer(0, INT64_MAX); }
void check_positive(const Argument& a) { a.require_integer(1, INT64_MAX); }
void check_priority(const Argument& a) { a.require_integer(0, 255); }
void check_integer(const Argument& a) { (void)a.integer(); }
void check_boolean(const Argument& a) { a.require_type('t'); }
void check_overflow(const Argument& a) { a.require_one_of({"drop-head", "reject-publish", "reject-publish-dlx"}); }
void check_strategy(const Argument& a) { a.require_one_of({"at-most-once", "at-least-once"}); }
void check_mode(const Argument& a) { a.require_one_of({"default", "lazy"}, "queue mode"); }
void check_leader(const Argument& a) { a.require_one_of({"client-local", "balanced"}); }
void check_nothing(const Argument&) {}

void check_dead_letter_routing_key(const Argument& a) {
  a.require_type('S');
  if (!a.has_other("x-dead-letter-exchange"))
    a.refuse("it is of no use without x-dead-letter-exchange, which is not given");
}

void check_version(const Argument& a) {
  a.require_integer(0, INT64_MAX);
  const auto version = a.integer();
  if (version != 1 && version != 2) a.refuse("\"unsupported queue version '" + std::to_string(version) + "'\"");
}

enum class For : std::uint8_t { both, classic, quorum, stream };

struct KnownArgument {
  std::string_view name;
  For type;
  void (*check)(const Argument&);
};

// All arguments that have a meaning on RabbitMQ 3.10, in the order in which it checks them. x-consumer-timeout is from
// 3.12.
constexpr std::array known_arguments{
    KnownArgument{"x-expires", For::both, check_expires},
    KnownArgument{"x-message-ttl", For::both, check_time},
    KnownArgument{"x-dead-letter-exchange", For::both, check_nothing},  // see check_dead_letter_exchange
    KnownArgument{"x-dead-letter-routing-key", For::both, check_dead_letter_routing_key},
    KnownArgument{"x-dead-letter-strategy", For::quorum, check_strategy},
    KnownArgument{"x-max-length", For::both, check_count},
    KnownArgument{"x-max-length-bytes", For::both, check_count},
    KnownArgument{"x-max-in-memory-length", For::quorum, check_count},
    KnownArgument{"x-max-in-memory-bytes", For::quorum, check_count},
    KnownArgument{"x-max-priority", For::classic, check_priority},
    KnownArgument{"x-overflow", For::both, check_overflow},
    KnownArgument{"x-queue-mode", For::classic, check_mode},
    KnownArgument{"x-queue-version", For::classic, check_version},
    KnownArgument{"x-single-active-consumer", For::both, check_boolean},
    KnownArgument{"x-queue-type", For::both, check_nothing},  // see check_queue_type
    KnownArgument{"x-quorum-initial-group-size", For::quorum, check_positive},
    KnownArgument{"x-max-age", For::stream, check_nothing},
    KnownArgument{"x-stream-max-segment-size-bytes", For::stream, check_count},
    KnownArgument{"x-initial-cluster-size", For::stream, check_positive},
    KnownArgument{"x-queue-leader-locator", For::quorum, check_leader},
    KnownArgument{"x-queue-master-locator", For::classic, check_nothing},
    KnownArgument{"x-delivery-limit", For::quorum, check_nothing},
    KnownArgument{"x-consumer-timeout", For::both, check_count},
};

constexpr std::array known_consumer_arguments{
    KnownArgument{"x-priority", For::both, check_integer},
    KnownArgument{"x-cancel-on-ha-failover", For::classic, check_boolean},
    KnownArgument{"x-stream-offset", For::stream, check_nothing},
};

std::string_view queue_type_of(FieldTable arguments) {
  const auto type = arguments.find(queue_type_argument);
  return type ? type->string().value_or("classic") : "classic";
}

void check_dead_letter_exchange(FieldTable arguments, std::string_view queue) {
  const auto exchange = arguments.find("x-dead-letter-exchange");
  if (exchange && !exchange->string())
    throw ChannelError{ReplyCode::precondition_failed, "invalid type " + in_single_quotes(type_name(exchange->type))
                                                           + " for arg 'x-dead-letter-exchange' in "
                                                           + std::string{queue}};
}

void check_queue_type(FieldTable arguments, std::string_view queue) {
  const auto type = arguments.find(queue_type_argument);
  if (!type) return;
  const Argument argument{queue_type_argument, *type, arguments, queue};
  if (asks_for_stream(arguments)) argument.refuse("PocketMQ has no streams; declare a 'classic' or 'quorum' queue");
  argument.require_one_of({"classic", "quorum"}, "queue type");
}

// Checks the arguments for queues of this type, then refuses those for another type.
void check_known(std::span<const KnownArgument> all_known, FieldTable arguments, QueueType type,
                 std::string_view queue) {
  const auto mine = type == QueueType::quorum ? For::quorum : For::classic;
  const auto is_mine = [&](const KnownArgument& known) { return known.type == For::both || known.type == mine; };
  for (const auto& known : all_known)
    if (const auto value = is_mine(known) ? arguments.find(known.name) : std::nullopt)
      known.check({known.name, *value, arguments, queue});
  auto fields = arguments.fields();
  while (const auto field = fields.next()) {
    const auto known = std::ranges::find(all_known, field->name, &KnownArgument::name);
    if (known == all_known.end() || is_mine(*known)) continue;
    throw ChannelError{ReplyCode::precondition_failed,
                       "invalid arg " + in_single_quotes(field->name) + " for " + std::string{queue}
                           + " of queue type rabbit_" + (type == QueueType::quorum ? "quorum" : "classic") + "_queue"};
  }
}

// ---- comparison

// The arguments that are compared, in RabbitMQ's order.
constexpr std::array<std::string_view, 13> compared_of_classic{
    "x-expires",
    "x-message-ttl",
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-max-length",
    "x-max-length-bytes",
    "x-max-priority",
    "x-overflow",
    "x-queue-mode",
    "x-queue-version",
    "x-single-active-consumer",
    "x-queue-type",
    "x-queue-master-locator",
};
constexpr std::array<std::string_view, 15> compared_of_quorum{
    "x-dead-letter-exchange",
    "x-dead-letter-routing-key",
    "x-dead-letter-strategy",
    "x-expires",
    "x-max-length",
    "x-max-length-bytes",
    "x-max-in-memory-length",
    "x-max-in-memory-bytes",
    "x-overflow",
    "x-single-active-consumer",
    "x-queue-type",
    "x-quorum-initial-group-size",
    "x-delivery-limit",
    "x-message-ttl",
    "x-queue-leader-locator",
};

}  // namespace

bool asks_for_stream(FieldTable arguments) { return queue_type_of(arguments) == "stream"; }

void check_arguments(FieldTable arguments, std::string_view queue) {
  check_dead_letter_exchange(arguments, queue);
  check_queue_type(arguments, queue);
  check_known(known_arguments, arguments, queue_type(arguments), queue);
}

void require_equal_arguments(FieldTable current, FieldTable given, std::string_view queue) {
  const auto type = queue_type_of(current);
  const std::span<const std::string_view> compared =
      type == "quorum" ? std::span<const std::string_view>{compared_of_quorum} : compared_of_classic;
  for (const auto name : compared) {
    const bool same_type = name == queue_type_argument && type == "classic" && queue_type_of(given) == type;
    if (!same_type) require_equal_argument(queue, name, given, current);
  }
}

std::int64_t consumer_priority(FieldTable arguments, QueueType type, std::string_view queue) {
  check_known(known_consumer_arguments, arguments, type, queue);
  const auto priority = arguments.find("x-priority");
  return priority ? priority->integer().value_or(0) : 0;
}

}  // namespace pocketmq::broker
