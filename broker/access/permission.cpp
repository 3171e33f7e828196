#include "broker/access/permission.hpp"

namespace pocketmq::broker {

Pattern permission_pattern(std::string text) { return Pattern{text.empty() ? "^$" : std::move(text)}; }

bool Permissions::allow(Permission permission, std::string_view resource, Budget* budget) const {
  switch (permission) {
    case Permission::configure: return configure.found_in(resource, budget);
    case Permission::write: return write.found_in(resource, budget);
    case Permission::read: return read.found_in(resource, budget);
  }
  return false;
}

}  // namespace pocketmq::broker
