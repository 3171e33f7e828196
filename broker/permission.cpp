#include "broker/permission.hpp"

namespace pocketmq::broker {

std::string_view name_of(Permission permission) {
  switch (permission) {
    case Permission::configure: return "configure";
    case Permission::write: return "write";
    case Permission::read: return "read";
  }
  return "";
}

bool may_log_in(std::string_view user, std::string_view password, bool from_loopback) {
  return user == "guest" && password == "guest" && from_loopback;
}

bool may(const User&, Permission, std::string_view, std::string_view) { return true; }

}  // namespace pocketmq::broker
