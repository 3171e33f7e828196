#include "broker/queue/queue_settings.hpp"

#include <algorithm>

namespace pocketmq::broker {
namespace {

// Looks up a setting in the arguments ("x-NAME") and in the policy ("NAME"). `name` is the argument's.
class Sources {
 public:
  Sources(protocol::FieldTable arguments, protocol::FieldTable policy) : arguments_{arguments}, policy_{policy} {}

  [[nodiscard]] std::optional<std::int64_t> number(std::string_view name) const {
    const auto argument = arguments_.find(name);
    const auto policy = find_in_policy(name);
    const auto by_argument = argument ? argument->integer() : std::nullopt;
    const auto by_policy = policy ? policy->integer() : std::nullopt;
    return by_argument && by_policy ? std::min(by_argument, by_policy) : by_argument ? by_argument : by_policy;
  }

  [[nodiscard]] std::optional<std::uint64_t> count(std::string_view name) const {
    const auto value = number(name);
    return value ? std::optional{static_cast<std::uint64_t>(*value)} : std::nullopt;
  }

  [[nodiscard]] std::optional<std::chrono::milliseconds> time(std::string_view name) const {
    const auto value = number(name);
    return value ? std::optional{std::chrono::milliseconds{*value}} : std::nullopt;
  }

  [[nodiscard]] std::optional<std::string> text(std::string_view name) const {
    auto value = arguments_.find(name);
    if (!value) value = find_in_policy(name);
    const auto string = value ? value->string() : std::nullopt;
    return string ? std::optional{std::string{*string}} : std::nullopt;
  }

  [[nodiscard]] bool boolean(std::string_view name) const {
    const auto value = arguments_.find(name);
    return value && value->boolean().value_or(false);
  }

 private:
  [[nodiscard]] std::optional<protocol::FieldValue> find_in_policy(std::string_view name) const {
    return policy_.find(name.substr(std::string_view{"x-"}.size()));
  }

  protocol::FieldTable arguments_;
  protocol::FieldTable policy_;
};

QueueType type_named(std::string_view name) { return name == "quorum" ? QueueType::quorum : QueueType::classic; }

Overflow overflow_named(std::string_view name, QueueType type) {
  if (name == "reject-publish") return Overflow::reject_publish;
  // A quorum queue accepts "reject-publish-dlx" but drops its head, as on RabbitMQ.
  if (name == "reject-publish-dlx" && type == QueueType::classic) return Overflow::reject_publish_dlx;
  return Overflow::drop_head;
}

}  // namespace

QueueType queue_type(protocol::FieldTable arguments) {
  const auto type = arguments.find("x-queue-type");
  return type_named(type ? type->string().value_or("") : "");
}

QueueSettings settings_from(protocol::FieldTable arguments, protocol::FieldTable policy) {
  const Sources sources{arguments, policy};
  const auto type = type_named(sources.text("x-queue-type").value_or(""));
  return {.type = type,
          .message_ttl = sources.time("x-message-ttl"),
          .expires = sources.time("x-expires"),
          .max_length = sources.count("x-max-length"),
          .max_length_bytes = sources.count("x-max-length-bytes"),
          .overflow = overflow_named(sources.text("x-overflow").value_or(""), type),
          .dead_letter_exchange = sources.text("x-dead-letter-exchange"),
          .dead_letter_routing_key = sources.text("x-dead-letter-routing-key"),
          .max_priority = static_cast<std::uint8_t>(sources.number("x-max-priority").value_or(0)),
          .single_active_consumer = sources.boolean("x-single-active-consumer"),
          .delivery_limit = sources.number("x-delivery-limit"),
          .consumer_timeout = sources.time("x-consumer-timeout")};
}

}  // namespace pocketmq::broker
