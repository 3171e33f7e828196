// What a scope may leave behind, and what may happen there unseen, without making its report bad.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "broker/events/values.hpp"

namespace pocketmq::broker {

/// The kinds of findings in a scope's report.
enum class FindingKind : std::uint8_t {
  // What is left; each by a name: of a connection,
  connections,
  consumers,
  unconfirmed,   // publishes whose confirm was not sent
  transactions,  // that are open, with publishes
  // and of a queue.
  unacked,
  ready,
  // What has happened: by an exchange,
  unroutable,  // and dropped
  returned,
  // by a queue,
  expired,  // and not dead-lettered
  dropped,
  dead_lettered,
  lost,  // delivered without acks to a client whose connection was lost
  // and by a fault.
  unfired_fault
};

namespace event {
template <>
inline constexpr std::array<std::string_view, 13> names_of<FindingKind>{
    "connections", "consumers", "unconfirmed", "transactions",  "unacked", "ready",        "unroutable",
    "returned",    "expired",   "dropped",     "dead_lettered", "lost",    "unfired_fault"};
}  // namespace event

class Allowance {
 public:
  /// Allows all findings of a kind.
  Allowance& allow(FindingKind kind) {
    allowed_[kind].all = true;
    return *this;
  }
  /// Allows those with that name. The default exchange's name is empty.
  Allowance& allow(FindingKind kind, std::string name) {
    allowed_[kind].names.insert(std::move(name));
    return *this;
  }

  [[nodiscard]] bool allows(FindingKind kind, std::string_view name) const {
    const auto found = allowed_.find(kind);
    return found != allowed_.end() && (found->second.all || found->second.names.contains(name));
  }

 private:
  struct Allowed {
    bool all{false};
    std::set<std::string, std::less<>> names{};
  };

  std::map<FindingKind, Allowed> allowed_;
};

/// {"ready": ["dead"], "connections": true}: all of a kind, or those with these names. Throws ControlError of kind
/// `bad`.
[[nodiscard]] Allowance allowance_of(const nlohmann::ordered_json& json);

}  // namespace pocketmq::broker
