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

// In the order in which they were made, as the table's order differs in each run.
std::vector<Session*> Broker::sessions_where(auto&& is_wanted) {
  std::vector<Session*> sessions;
  for_each_session([&](Session& session) {
    if (is_wanted(session)) sessions.push_back(&session);
  });
  std::ranges::sort(sessions, {}, &Session::number);
  return sessions;
}

void Broker::force_out(const std::vector<Session*>& sessions, std::string_view text) {
  context().budget().use(state_.sessions.size() + steps::for_a_refusal * sessions.size());
  for (auto* session : sessions) session->force_out(text);
}

void Broker::shut_down(std::string_view text) {
  for (auto* session : sessions_where([](const Session&) { return true; }))
    session->close(ReplyCode::connection_forced, text);
}

void Broker::close_connections(std::string_view text) {
  force_out(sessions_where([](const Session&) { return true; }), text);
}

void Broker::close_connections_to(const VirtualHost& virtual_host, std::string_view text) {
  force_out(sessions_where([&](const Session& session) { return session.has_opened(virtual_host); }), text);
}

bool Broker::remove_virtual_host(std::string_view name, protocol::MoveOnlyFunction<void()> done) {
  auto* virtual_host = find_virtual_host(name);
  if (virtual_host == nullptr) return false;
  close_connections_to(*virtual_host, "vhost '" + virtual_host->name() + "' is deleted");
  state_.users.forget_virtual_host(name);
  state_.virtual_hosts.remove(*virtual_host, std::move(done));
  return true;
}

bool Broker::remove_user(std::string_view name) {
  const auto user = state_.users.find(name);
  if (!user) return false;
  state_.users.remove(name);
  const auto is_theirs = [&](const Session& session) {
    return session.has_logged_in() && session.user().name == user->name;
  };
  force_out(sessions_where(is_theirs), "user '" + user->name + "' is deleted");
  return true;
}

}  // namespace pocketmq::broker
