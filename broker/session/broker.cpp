#include "broker/session/broker.hpp"

#include <algorithm>

#include "broker/definitions/definitions.hpp"
#include "broker/session/server_properties.hpp"

namespace pocketmq::broker {

Broker::Broker(Options options, Observer* observer, ConnectionObserver* log)
    : state_{std::move(options), observer, log} {
  const auto& given = state_.context.options();
  state_.server_properties = broker::server_properties(given);
  add_virtual_host("/");
  for (const auto& name : given.virtual_hosts) add_virtual_host(name);
  add_user(guest_name, guest_name);
  if (!given.definitions.empty())
    warnings_ = load_definitions(given.definitions, state_.context, state_.users, state_.virtual_hosts);
  for (const auto& [name, password] : given.users) add_user(name, password);
}

Broker::~Broker() { state_.context.backlog().clear(); }  // its items refer to objects that are destroyed next

// Adds a user that has all permissions in every virtual host. A user that exists already only gets the password.
void Broker::add_user(std::string_view name, std::string_view password) {
  const auto known = state_.users.find(name);
  User user = known ? *known : User{.name = std::string{name}, .tags = {"administrator"}};
  user.password = hash_password(state_.context, password);
  if (!known)
    for (const auto& [virtual_host, unused] : state_.virtual_hosts)
      user.permissions.emplace(virtual_host, Permissions{});
  state_.users.put(std::move(user));
}

std::unique_ptr<Session> Broker::connect(Peer peer, TimePoint now) {
  state_.context.clock().observe(now);
  return std::make_unique<Session>(state_, std::move(peer), now);
}

TimePoint Broker::deadline() {
  heap_trim_.observe();
  if (context().backlog().is_due()) return TimePoint::min();
  const auto at = context().clock().real_time_of(context().deadlines().earliest());
  return std::min(at, context().real_deadlines().earliest());
}

void Broker::tick(TimePoint now) {
  context().clock().observe(now);
  context().backlog().begin_turn();
  context().real_deadlines().tell_due(now, context().budget());
  context().deadlines().tell_due(context().clock().now(), context().budget());
  context().backlog().go_on();
}

void Broker::shut_down(std::string_view text) {
  std::vector<Session*> sessions;
  state_.sessions.for_each([&](Session* session) { sessions.push_back(session); });
  for (auto* session : sessions) session->close(ReplyCode::connection_forced, text);
}

}  // namespace pocketmq::broker
