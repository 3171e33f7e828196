// Scopes: a virtual host of its own for each test, with a user of its own. A scope is removed with all that is in it,
// whatever the test did.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "broker/account/allowance.hpp"
#include "protocol/base/move_only_function.hpp"

namespace pocketmq::broker {

class Broker;

struct Scope {
  /// The name that was asked for, and a number: "retry-7". Also the name of the virtual host, of the user, and the
  /// user's password.
  std::string id;
  std::string name;
  /// The number that the first event of the scope may have.
  std::uint64_t first_event{0};
  /// What its report does not count against it.
  Allowance allowance{};
};

/// Called on the broker's thread only.
class Scopes {
 public:
  /// The longest name of a scope in bytes.
  static constexpr std::size_t name_max_bytes = 200;

  /// `broker` outlives it.
  explicit Scopes(Broker& broker) : broker_{broker} {}
  Scopes(const Scopes&) = delete;
  Scopes& operator=(const Scopes&) = delete;

  /// Makes a virtual host and a user who may do everything there. Ids never repeat. Throws ControlError for a name that
  /// is empty, too long, or has other characters than letters, digits and "-_.".
  const Scope& add(std::string_view name, Allowance allowance = {});
  /// Throws ControlError of kind `unknown` if there is none.
  [[nodiscard]] const Scope& require(std::string_view id) const;
  /// By their ids.
  [[nodiscard]] const std::map<std::string, Scope, std::less<>>& all() const { return by_id_; }

  /// Removes the scope with its connections, its virtual host and its user. Nothing of it is in the broker any more
  /// when `done` is called, in a later turn. Do not call it in the middle of a client's command. Throws ControlError of
  /// kind `unknown` if there is none.
  void remove(std::string_view id, protocol::MoveOnlyFunction<void()> done);

 private:
  Broker& broker_;
  std::uint64_t last_number_{0};
  std::map<std::string, Scope, std::less<>> by_id_;
};

}  // namespace pocketmq::broker
