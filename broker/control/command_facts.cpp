#include "broker/control/command_facts.hpp"

#include <type_traits>
#include <variant>

#include "broker/channel/channel.hpp"

namespace pocketmq::broker {
namespace {

namespace basic = protocol::basic;

// The names that the method itself has.
void read_names(CommandFacts& facts) {
  std::visit(
      [&](const auto& m) {
        m.describe(m, [&](const protocol::FieldName& name, const auto& value) {
          if constexpr (std::is_same_v<std::remove_cvref_t<decltype(value)>, protocol::ShortString>) {
            if (name.text() == "queue") facts.queue = value;
            if (name.text() == "exchange" || name.text() == "source") facts.exchange = value;
            if (name.text() == "routing_key") facts.routing_key = value;
          }
        });
      },
      facts.command.method);
}

void read_queue_of_consumer(CommandFacts& facts, const Channel& channel, std::string_view tag) {
  const auto* const consumer = channel.find_consumer(tag);
  if (consumer != nullptr && consumer->source() != nullptr)
    facts.queue = static_cast<const Queue*>(consumer->source())->name();
}

void read_delivery(CommandFacts& facts, const Channel& channel, std::uint64_t tag) {
  channel.for_each_unacked([&](const Unacked& delivery) {
    if (delivery.tag != tag) return true;
    facts.queue = delivery.queue->name();
    facts.message = delivery.message.message.number();
    return false;
  });
}

bool is_as_wanted(const std::optional<TextMatch>& wanted, std::string_view text) {
  return !wanted || wanted->matches(text);
}

}  // namespace

CommandFacts::CommandFacts(const Session& of_session, const protocol::Command& of_command, fault::Direction to)
    : session{of_session},
      command{of_command},
      direction{to},
      method{id_of(of_command.method).name},
      virtual_host{of_session.virtual_host_of(of_command)} {
  read_names(*this);
  if (command.content) body = command.content->body;
  const auto* const channel = session.find_channel(command.channel);
  if (channel == nullptr) return;
  if (const auto* m = std::get_if<basic::Deliver>(&command.method))
    read_queue_of_consumer(*this, *channel, m->consumer_tag);
  if (const auto* m = std::get_if<basic::ConsumeOk>(&command.method))
    read_queue_of_consumer(*this, *channel, m->consumer_tag);
  if (direction != fault::Direction::to_broker) return;
  if (const auto* m = std::get_if<basic::Ack>(&command.method)) read_delivery(*this, *channel, m->delivery_tag);
  if (const auto* m = std::get_if<basic::Nack>(&command.method)) read_delivery(*this, *channel, m->delivery_tag);
  if (const auto* m = std::get_if<basic::Reject>(&command.method)) read_delivery(*this, *channel, m->delivery_tag);
}

bool matches(const FaultRule& rule, const CommandFacts& facts) {
  const auto& on = rule.on;
  return on.method == facts.method && on.direction == facts.direction
         && (!rule.scope || *rule.scope == facts.virtual_host)
         && (!on.connection_number || *on.connection_number == facts.session.number())
         && is_as_wanted(on.connection, facts.session.name()) && is_as_wanted(on.queue, facts.queue)
         && is_as_wanted(on.exchange, facts.exchange) && is_as_wanted(on.routing_key, facts.routing_key)
         && is_as_wanted(on.body, facts.body);
}

}  // namespace pocketmq::broker
