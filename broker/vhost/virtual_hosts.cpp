#include "broker/vhost/virtual_hosts.hpp"

#include <stdexcept>

namespace pocketmq::broker {

VirtualHosts::VirtualHosts(Context& context)
    : context_{context}, removing_{context.backlog(), *this, &VirtualHosts::go_on} {}

VirtualHost* VirtualHosts::find(std::string_view name) {
  const auto found = by_name_.find(name);
  const bool is_there = found != by_name_.end() && found->second->access() != VirtualHost::Access::deleting;
  return is_there ? found->second.get() : nullptr;
}

VirtualHost& VirtualHosts::add(std::string_view name) {
  auto found = by_name_.find(name);
  if (found == by_name_.end()) {
    protocol::Ref<VirtualHost> made{new VirtualHost{std::string{name}, context_}};
    found = by_name_.emplace(std::string{name}, std::move(made)).first;
  }
  if (found->second->access() == VirtualHost::Access::deleting)
    throw std::logic_error{"vhost '" + std::string{name} + "' is being deleted; add it again when that is done"};
  return *found->second;
}

void VirtualHosts::remove(VirtualHost& virtual_host, protocol::MoveOnlyFunction<void()> done) {
  virtual_host.set_access(VirtualHost::Access::deleting);
  removals_.push_back({.virtual_host = protocol::Ref<VirtualHost>{&virtual_host}, .done = std::move(done)});
  removing_.wait_for_quiet();
}

// The backlog is empty at each call.
bool VirtualHosts::go_on() {
  while (!removals_.empty()) {
    if (!go_on_with(removals_.front())) return false;
    auto removal = std::move(removals_.front());
    removals_.pop_front();
    removal.virtual_host->tell_deleted();
    by_name_.erase(by_name_.find(removal.virtual_host->name()));
    removal.virtual_host = {};
    if (removal.done) removal.done();
  }
  return true;
}

// Returns whether nothing of the virtual host is left.
bool VirtualHosts::go_on_with(Removal& removal) {
  auto& virtual_host = *removal.virtual_host;
  if (!std::exchange(removal.is_cleared, true)) {
    virtual_host.clear(VirtualHost::Content::everything, event::Gone::vhost_deleted);
    return false;
  }
  if (virtual_host.has_published_dead_letters()) return true;
  virtual_host.retry_dead_letters();
  return false;
}

}  // namespace pocketmq::broker
