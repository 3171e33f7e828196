#include "broker/control/scopes.hpp"

#include <algorithm>
#include <utility>

#include "broker/access/users.hpp"
#include "broker/request/control_error.hpp"
#include "broker/session/broker.hpp"

namespace pocketmq::broker {
namespace {

void require_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_'
           || c == '.';
  };
  if (name.empty() || name.size() > Scopes::name_max_bytes || !std::ranges::all_of(name, is_allowed))
    throw ControlError{ControlError::Kind::bad, "a scope's name has 1 to " + std::to_string(Scopes::name_max_bytes)
                                                    + " letters, digits, '-', '_' and '.', because it becomes a part of "
                                                      "URLs; write another name"};
}

}  // namespace

const Scope& Scopes::add(std::string_view name, Allowance allowance) {
  require_name(name);
  std::string id;
  do {
    id = std::string{name} + "-" + std::to_string(++last_number_);
  } while (broker_.find_virtual_host(id) != nullptr || broker_.users().find(id) != nullptr);
  const auto first_event = broker_.journal().last_number() + 1;
  broker_.add_virtual_host(id);
  User user{.name = id, .password = hash_password(broker_.context(), id), .tags = {"administrator"}};
  user.permissions.emplace(id, Permissions{});
  broker_.users().put(std::move(user));
  return by_id_.insert_or_assign(id, Scope{id, std::string{name}, first_event, std::move(allowance)}).first->second;
}

const Scope& Scopes::require(std::string_view id) const {
  const auto found = by_id_.find(id);
  if (found != by_id_.end()) return found->second;
  throw ControlError{ControlError::Kind::unknown, "there is no scope '" + std::string{id.substr(0, 255)}
                                                      + "', or it has ended; take the id that POST /test/scopes gave"};
}

void Scopes::remove(std::string_view id, protocol::MoveOnlyFunction<void()> done) {
  const auto name = require(id).id;
  by_id_.erase(name);
  broker_.remove_user(name);
  broker_.remove_virtual_host(name, std::move(done));
}

}  // namespace pocketmq::broker
