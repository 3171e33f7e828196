// What a scope has left behind, and what happened there that no client saw. Make it before the scope is ended.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "broker/account/allowance.hpp"
#include "broker/account/ledger.hpp"

namespace pocketmq::broker {

class Broker;

struct Finding {
  FindingKind kind{};
  std::string name{};  // of the connection, queue, exchange or fault; empty for the default exchange
  std::uint64_t count{0};
  std::vector<std::uint64_t> messages{};  // the first ones
  std::string text{};                     // a sentence, perhaps with lines about single messages below it
};

struct ScopeReport {
  bool ok{false};
  std::string text{};
  std::vector<Finding> findings{};  // that are not allowed, by kind
  std::uint64_t findings_left_out{0};

  static constexpr std::size_t findings_max = 100;
  static constexpr std::size_t messages_max = 5;  // of a finding, that are told of in its text
};

/// `unfired_faults`: the names of faults that were set for the scope and never fired. The work does not depend on how
/// many messages there are.
[[nodiscard]] ScopeReport report_on(Broker& broker, const Ledger& ledger, std::string_view vhost,
                                    const Allowance& allowance, const std::vector<std::string>& unfired_faults);

/// {"ok", "text", "findings": [{"kind", "name", "count", "messages", "text"}]}
[[nodiscard]] nlohmann::ordered_json json_of(const ScopeReport& report);

}  // namespace pocketmq::broker
