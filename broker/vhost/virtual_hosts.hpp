// The virtual hosts of a broker, by name.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "broker/vhost/virtual_host.hpp"

namespace pocketmq::broker {

class VirtualHosts {
 public:
  /// `context` must outlive it.
  explicit VirtualHosts(Context& context) : context_{context} {}

  /// Null if there is none.
  [[nodiscard]] VirtualHost* find(std::string_view name) {
    const auto found = by_name_.find(name);
    return found == by_name_.end() ? nullptr : &found->second;
  }
  /// Finds the virtual host with that name, or makes it.
  VirtualHost& add(std::string_view name) {
    return by_name_.try_emplace(std::string{name}, std::string{name}, context_).first->second;
  }

  [[nodiscard]] auto begin() const { return by_name_.begin(); }
  [[nodiscard]] auto end() const { return by_name_.end(); }

 private:
  Context& context_;
  std::map<std::string, VirtualHost, std::less<>> by_name_;
};

}  // namespace pocketmq::broker
