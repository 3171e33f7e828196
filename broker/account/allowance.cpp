#include "broker/account/allowance.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "broker/request/request_body.hpp"
#include "protocol/codec/json_parse.hpp"

namespace pocketmq::broker {
namespace {

using Json = nlohmann::ordered_json;

[[noreturn]] void refuse_allowance(const std::string& text) { refuse_as_bad("allow: " + text); }

FindingKind kind_named(const std::string& name) {
  const auto& names = event::names_of<FindingKind>;
  const auto* const found = std::ranges::find(names, name);
  if (found != names.end()) return static_cast<FindingKind>(found - names.begin());
  std::string all;
  for (const auto each : names) all += (all.empty() ? "" : ", ") + std::string{each};
  refuse_allowance("a report has no findings of kind " + protocol::in_quotes(name) + "; the kinds are " + all);
}

bool is_list_of_names(const Json& json) {
  return json.is_array() && std::ranges::all_of(json, [](const Json& each) { return each.is_string(); });
}

}  // namespace

Allowance allowance_of(const Json& json) {
  Allowance allowance;
  if (!json.is_object())
    refuse_allowance("wants an object, such as {\"ready\": [\"dead\"], \"connections\": true}; got "
                     + protocol::kind_of(json));
  for (const auto& [name, names] : json.items()) {
    const auto kind = kind_named(name);
    if (names == true)
      allowance.allow(kind);
    else if (is_list_of_names(names))
      for (const auto& each : names) allowance.allow(kind, each.get<std::string>());
    else if (names != false)
      refuse_allowance(name + ": wants true, or a list of names such as [\"dead\"]; got " + protocol::kind_of(names));
  }
  return allowance;
}

}  // namespace pocketmq::broker
