#include "broker/queue_settings.hpp"

#include <algorithm>

namespace pocketmq::broker {
namespace {

// A setting is argument "x-NAME" and policy key "NAME".
class Sources {
 public:
  Sources(protocol::FieldTable arguments, protocol::FieldTable policy) : arguments_{arguments}, policy_{policy} {}

  [[nodiscard]] std::optional<std::int64_t> number(const std::string& name) const {
    const auto argument = arguments_.find("x-" + name);
    const auto policy = policy_.find(name);
    const auto given = argument ? argument->integer() : std::nullopt;
    const auto ruled = policy ? policy->integer() : std::nullopt;
    return given && ruled ? std::min(given, ruled) : given ? given : ruled;
  }

  [[nodiscard]] std::optional<std::uint64_t> count(const std::string& name) const {
    const auto value = number(name);
    return value ? std::optional{static_cast<std::uint64_t>(*value)} : std::nullopt;
  }

  [[nodiscard]] std::optional<std::chrono::milliseconds> time(const std::string& name) const {
    const auto value = number(name);
    return value ? std::optional{std::chrono::milliseconds{*value}} : std::nullopt;
  }

  [[nodiscard]] std::optional<std::string> text(const std::string& name) const {
    auto value = arguments_.find("x-" + name);
    if (!value) value = policy_.find(name);
    const auto string = value ? value->string() : std::nullopt;
    return string ? std::optional{std::string{*string}} : std::nullopt;
  }

  [[nodiscard]] bool truth(const std::string& name) const {
    const auto value = arguments_.find("x-" + name);
    return value && value->boolean().value_or(false);
  }

 private:
  protocol::FieldTable arguments_;
  protocol::FieldTable policy_;
};

Overflow overflow_named(std::string_view name, QueueType type) {
  if (name == "reject-publish") return Overflow::reject_publish;
  // A quorum queue accepts the word and, as on RabbitMQ, drops its head.
  if (name == "reject-publish-dlx" && type == QueueType::classic) return Overflow::reject_publish_dlx;
  return Overflow::drop_head;
}

}  // namespace

QueueSettings settings_from(protocol::FieldTable arguments, protocol::FieldTable policy) {
  const Sources sources{arguments, policy};
  const auto type = sources.text("queue-type") == "quorum" ? QueueType::quorum : QueueType::classic;
  return {.type = type,
          .message_ttl = sources.time("message-ttl"),
          .expires = sources.time("expires"),
          .max_length = sources.count("max-length"),
          .max_length_bytes = sources.count("max-length-bytes"),
          .overflow = overflow_named(sources.text("overflow").value_or(""), type),
          .dead_letter_exchange = sources.text("dead-letter-exchange"),
          .dead_letter_routing_key = sources.text("dead-letter-routing-key"),
          .max_priority = static_cast<std::uint8_t>(sources.number("max-priority").value_or(0)),
          .single_active_consumer = sources.truth("single-active-consumer"),
          .delivery_limit = sources.number("delivery-limit"),
          .consumer_timeout = sources.time("consumer-timeout")};
}

}  // namespace pocketmq::broker
