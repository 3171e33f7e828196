#include "broker/broker.hpp"

namespace pocketmq::broker {

Broker::Broker(Options options, Observer* observer) : context_{std::move(options), observer} {
  add_virtual_host("/");
  for (const auto& name : context_.options().virtual_hosts) add_virtual_host(name);
  add_account(guest_name, guest_name);
  for (const auto& [name, password] : context_.options().users) add_account(name, password);
}

// One who may do everything everywhere.
void Broker::add_account(std::string_view name, std::string_view password) {
  const auto salt = context_.unique_name("").substr(0, PasswordHash::salt_bytes);
  User user{.name = std::string{name}, .password = PasswordHash::of(password, salt), .tags = {"administrator"}};
  for (const auto& [virtual_host, unused] : virtual_hosts_) user.permissions.emplace(virtual_host, Permissions{});
  users_.put(std::move(user));
}

std::unique_ptr<Session> Broker::connect(Peer peer, TimePoint now) {
  context_.observe(now);
  return std::make_unique<Session>(*this, std::move(peer), now);
}

void Broker::tick(TimePoint now) {
  context_.observe(now);
  context_.deadlines().tell_due(now);
}

void Broker::shut_down(std::string_view text) {
  for (auto* session : std::vector<Session*>{sessions_.begin(), sessions_.end()})
    session->close(ReplyCode::connection_forced, text);
}

VirtualHost* Broker::find_virtual_host(std::string_view name) {
  const auto found = virtual_hosts_.find(name);
  return found == virtual_hosts_.end() ? nullptr : &found->second;
}

VirtualHost& Broker::add_virtual_host(std::string_view name) {
  return virtual_hosts_.try_emplace(std::string{name}, std::string{name}, context_).first->second;
}

}  // namespace pocketmq::broker
