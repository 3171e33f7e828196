// The virtual hosts of a broker, by name.
#pragma once

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "broker/vhost/virtual_host.hpp"
#include "protocol/base/move_only_function.hpp"

namespace pocketmq::broker {

class VirtualHosts {
  using ByName = std::map<std::string, protocol::Ref<VirtualHost>, std::less<>>;

 public:
  /// `context` must outlive it.
  explicit VirtualHosts(Context& context);
  VirtualHosts(const VirtualHosts&) = delete;
  VirtualHosts& operator=(const VirtualHosts&) = delete;

  /// Null if there is none, or if it is being removed.
  [[nodiscard]] VirtualHost* find(std::string_view name);
  /// Finds the virtual host with that name, or makes it. Throws std::logic_error while it is being removed.
  VirtualHost& add(std::string_view name);

  /// Removes the virtual host with all its content: its queues, exchanges, bindings, policies and messages. Its
  /// connections must have been closed. `find` does not find it any more, but its name is free only at the end: then
  /// the journal's vhost.deleted is told, and `done` is called, in a later turn. `done` may be empty. If the broker
  /// ends before, `done` is not called.
  ///
  /// It waits until the backlog is empty. After that only sessions that are still being closed refer to the virtual
  /// host, and the last of them destroys it.
  void remove(VirtualHost& virtual_host, protocol::MoveOnlyFunction<void()> done);

  /// Iterates over all, in the order of their names, as pairs of a name and a VirtualHost&. Those that are being
  /// removed are included.
  class Iterator {
   public:
    explicit Iterator(ByName::const_iterator at) : at_{at} {}
    std::pair<const std::string&, VirtualHost&> operator*() const { return {at_->first, *at_->second}; }
    Iterator& operator++() { return ++at_, *this; }
    friend bool operator==(const Iterator&, const Iterator&) = default;

   private:
    ByName::const_iterator at_;
  };
  [[nodiscard]] Iterator begin() const { return Iterator{by_name_.begin()}; }
  [[nodiscard]] Iterator end() const { return Iterator{by_name_.end()}; }

 private:
  struct Removal {
    protocol::Ref<VirtualHost> virtual_host;
    protocol::MoveOnlyFunction<void()> done;
    bool is_cleared{false};
  };

  [[nodiscard]] bool go_on();
  [[nodiscard]] static bool go_on_with(Removal& removal);

  Context& context_;
  ByName by_name_;
  std::deque<Removal> removals_;
  Backlog::Call<VirtualHosts> removing_;
};

}  // namespace pocketmq::broker
