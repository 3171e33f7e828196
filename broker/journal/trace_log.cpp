#include "broker/journal/trace_log.hpp"

#include <concepts>
#include <string_view>
#include <utility>

#include "broker/session/session.hpp"

namespace pocketmq::broker {
namespace {

template <class E, class... Kinds>
concept OneOf = (std::same_as<E, Kinds> || ...);

// Whether no command on the wire shows the event. A message.dropped is left out where message.unroutable or
// message.expired has already told why.
template <class E> bool is_silent(const E& e) {
  if constexpr (OneOf<E, event::QueueDeleted, event::ExchangeDeleted>)
    return e.reason != event::Gone::asked;
  else if constexpr (OneOf<E, event::MessageDropped>)
    return e.reason != event::Dropped::unroutable && e.reason != event::Dropped::expired;
  else if constexpr (OneOf<E, event::MessageRequeued>)
    return e.reason != event::Requeued::asked && e.reason != event::Requeued::recovered;
  else
    return OneOf<E, event::ConnectionUnintelligible, event::ConnectionLost, event::ConnectionBlocked,
                 event::ConnectionUnblocked, event::MessageUnroutable, event::MessageExpired,
                 event::MessageDeadLettered, event::Gap, event::MemoryScarce, event::MemoryFreed, event::AcceptFailed,
                 event::BrokerRestarted, event::VhostDeleted, event::ClockMoved, event::ClockFrozen,
                 event::ClockReleased, event::FaultFired>;
}

}  // namespace

void TraceLog::follow(Journal& journal) {
  subscription_ = journal.subscribe([this](const Entry& entry) { hear(entry); });
}

void TraceLog::on_received(const Session& session, const protocol::Command& command) {
  lines_.trace(session.name(), "broker", command);
}

void TraceLog::on_sent(const Session& session, const protocol::Command& command) {
  lines_.trace("broker", session.name(), command);
}

void TraceLog::hear(const Entry& entry) {
  if (const auto* opened = entry.find<event::ConnectionOpened>()) clients_[opened->connection] = opened->address.view();
  if (const auto* logged_in = entry.find<event::ConnectionAuthenticated>())
    clients_[logged_in->connection] = logged_in->name.view();
  const auto number = entry.visit([](const auto& e) -> std::uint64_t {
    if constexpr (requires { e.connection; })
      return e.connection;
    else
      return 0;
  });
  const auto client = clients_.find(number);
  if (entry.visit([](const auto& e) { return is_silent(e); }))
    lines_.trace(client == clients_.end() ? std::string_view{} : client->second, entry);
  // The events of what the connection held follow, and show its name. So the name is kept until the next one ends.
  if (entry.find<event::ConnectionLost>() != nullptr || entry.find<event::ConnectionClosed>() != nullptr)
    clients_.erase(std::exchange(ended_, number));
}

}  // namespace pocketmq::broker
