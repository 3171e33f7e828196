#include "broker/control/fault_texts.hpp"

#include <variant>

namespace pocketmq::broker {

using protocol::ReplyCode;

std::string described(const CommandFacts& facts) {
  std::string text{facts.method};
  if (!facts.queue.empty()) text += " of queue " + in_quotes(facts.queue);
  if (!facts.exchange.empty()) text += " to exchange " + in_quotes(facts.exchange);
  if (!facts.routing_key.empty()) text += " with routing key " + in_quotes(facts.routing_key);
  if (facts.command.channel != 0) text += " on channel " + std::to_string(facts.command.channel);
  return text + " of connection " + std::to_string(facts.session.number()) + " (" + in_quotes(facts.session.name())
         + ")";
}

std::string refusal_like_rabbitmq(ReplyCode code, const CommandFacts& facts) {
  const bool is_queue = !facts.queue.empty() || facts.method.starts_with("queue.");
  const std::string kind = is_queue ? "queue" : "exchange";
  const auto named = kind + " '" + std::string{is_queue ? facts.queue : facts.exchange} + "' in vhost '"
                     + std::string{facts.virtual_host} + "'";
  switch (code) {
    case ReplyCode::not_found: return "no " + named;
    case ReplyCode::access_refused:
      return "access to " + named + " refused for user '" + facts.session.user().name + "'";
    case ReplyCode::resource_locked:
      return "cannot obtain exclusive access to locked " + named
             + ". It could be originally declared on another connection or the exclusive property value does not match "
               "that of the original declaration.";
    default: break;
  }
  bool durable = false;
  if (const auto* m = std::get_if<protocol::queue::Declare>(&facts.command.method)) durable = m->durable;
  if (const auto* m = std::get_if<protocol::exchange::Declare>(&facts.command.method)) durable = m->durable;
  return "inequivalent arg 'durable' for " + named + ": received '" + (durable ? "true" : "false")
         + "' but current is '" + (durable ? "false" : "true") + "'";
}

}  // namespace pocketmq::broker
