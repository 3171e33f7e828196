#include "broker/broker.hpp"

#include "broker/definitions.hpp"
#include "broker/server_properties.hpp"

namespace pocketmq::broker {

Broker::Broker(Options options, Observer* observer, ConnectionObserver* log)
    : context_{std::move(options), observer, log}, server_properties_{broker::server_properties(context_.options())} {
  add_virtual_host("/");
  for (const auto& name : context_.options().virtual_hosts) add_virtual_host(name);
  add_user(guest_name, guest_name);
  const auto& definitions = context_.options().definitions;
  if (!definitions.empty()) warnings_ = load_definitions(definitions, *this);
  for (const auto& [name, password] : context_.options().users) add_user(name, password);
}

Broker::~Broker() { context_.backlog().clear(); }  // before what it refers to

// One who may do everything everywhere; or one who is there, with another password.
void Broker::add_user(std::string_view name, std::string_view password) {
  const auto known = users_.find(name);
  User user = known ? *known : User{.name = std::string{name}, .tags = {"administrator"}};
  user.password = hash(password);
  if (!known)
    for (const auto& [virtual_host, unused] : virtual_hosts_) user.permissions.emplace(virtual_host, Permissions{});
  users_.put(std::move(user));
}

PasswordHash Broker::hash(std::string_view password) {
  return PasswordHash::of(password, context_.unique_name("").substr(0, PasswordHash::salt_bytes));
}

std::unique_ptr<Session> Broker::connect(Peer peer, TimePoint now) {
  context_.observe(now);
  return std::make_unique<Session>(*this, std::move(peer), now);
}

TimePoint Broker::deadline() {
  heap_trim_.observe();
  return context_.backlog().is_due() ? TimePoint::min() : context_.deadlines().earliest();
}

void Broker::tick(TimePoint now) {
  context_.observe(now);
  context_.backlog().begin_turn();
  context_.deadlines().tell_due(now, context_.budget());
  context_.backlog().go_on();
}

void Broker::shut_down(std::string_view text) {
  std::vector<Session*> sessions;
  sessions_.for_each([&](Session* session) { sessions.push_back(session); });
  for (auto* session : sessions) session->close(ReplyCode::connection_forced, text);
}

VirtualHost* Broker::find_virtual_host(std::string_view name) {
  const auto found = virtual_hosts_.find(name);
  return found == virtual_hosts_.end() ? nullptr : &found->second;
}

VirtualHost& Broker::add_virtual_host(std::string_view name) {
  return virtual_hosts_.try_emplace(std::string{name}, std::string{name}, context_).first->second;
}

}  // namespace pocketmq::broker
