#include "broker/request/json_match.hpp"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "broker/access/pattern.hpp"
#include "broker/request/control_error.hpp"
#include "protocol/codec/json_parse.hpp"

namespace pocketmq::broker {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned depth_max = 64;

}  // namespace

struct JsonMatch::Wanted {
  std::optional<Pattern> pattern{};
  std::vector<std::pair<std::string, Wanted>> members{};  // of an object
  std::vector<Wanted> elements{};                         // of an array
  Json value{};                                           // of anything else; of these two only their kind counts

  [[nodiscard]] static Wanted of(const Json& json, unsigned depth) {
    if (depth == 0)
      throw ControlError{ControlError::Kind::bad, "the JSON to match has more than 64 levels; give less of it"};
    Wanted wanted;
    const bool is_pattern = json.is_object() && json.size() == 1 && json.contains("matches");
    if (is_pattern && json.at("matches").is_string()) {
      try {
        wanted.pattern.emplace(json.at("matches").get<std::string>());
      } catch (const PatternError& error) {
        throw ControlError{ControlError::Kind::bad, "the pattern is not understood: " + std::string{error.what()}};
      }
    } else if (json.is_object()) {
      wanted.value = Json::object();
      for (const auto& [name, member] : json.items()) wanted.members.emplace_back(name, of(member, depth - 1));
    } else if (json.is_array()) {
      wanted.value = Json::array();
      for (const auto& element : json) wanted.elements.push_back(of(element, depth - 1));
    } else {
      wanted.value = json;
    }
    return wanted;
  }

  [[nodiscard]] bool matches(const Json& json) const {
    if (pattern) return json.is_string() && pattern->found_in(json.get_ref<const std::string&>());
    if (value.is_object())
      return json.is_object() && std::ranges::all_of(members, [&](const auto& member) {
               const auto found = json.find(member.first);
               return found != json.end() && member.second.matches(*found);
             });
    if (value.is_array())
      return json.is_array() && std::ranges::equal(elements, json, [](const Wanted& wanted, const Json& element) {
               return wanted.matches(element);
             });
    return value == json;
  }
};

JsonMatch::JsonMatch(const Json& wanted)
    : wanted_{std::make_shared<const Wanted>(Wanted::of(wanted, depth_max))}, text_{wanted.dump()} {}

JsonMatch JsonMatch::of_text(std::string_view wanted) {
  Json json;
  if (const auto fault = protocol::parse_json(wanted, depth_max, json))
    throw ControlError{ControlError::Kind::bad, "the JSON to match is none: " + *fault};
  return JsonMatch{json};
}

bool JsonMatch::matches(const Json& json) const { return wanted_->matches(json); }

bool JsonMatch::matches_text(std::string_view text) const {
  Json json;
  return !protocol::parse_json(text, depth_max, json) && matches(json);
}

}  // namespace pocketmq::broker
