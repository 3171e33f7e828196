#include "broker/definitions/definition.hpp"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "protocol/codec/json_parse.hpp"
#include "protocol/codec/json_table.hpp"
#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::broker {
namespace {

constexpr unsigned table_depth_max = 32;

bool holds_nothing(const Definition::Json& json) {
  if (json.is_boolean()) return !json.get<bool>();
  if (json.is_string()) return json.get_ref<const std::string&>().empty();
  return json.empty();
}

std::string got(const Definition::Json& json) { return ", got " + protocol::kind_of(json); }

std::vector<std::string> words_between_commas(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find(',', begin), text.size());
    const auto first = text.find_first_not_of(' ', begin);
    if (first < end) words.emplace_back(text.substr(first, text.find_last_not_of(' ', end - 1) + 1 - first));
    begin = end + 1;
  }
  return words;
}

}  // namespace

Definition::Definition(const Json& json, std::string path) : json_{json}, path_{std::move(path)} {
  if (json.is_object()) return;
  throw DefinitionsError{(path_.empty() ? "" : path_ + ": ") + "wants a JSON object" + got(json)};
}

std::string Definition::path_of(std::string_view key) const {
  return (path_.empty() ? "" : path_ + ".") + std::string{key};
}

void Definition::refuse(std::string_view key, const std::string& why) const {
  throw DefinitionsError{path_of(key) + ": " + why};
}

const Definition::Json* Definition::find(std::string_view key) {
  asked_.push_back(key);
  const auto found = json_.find(key);
  return found == json_.end() ? nullptr : &*found;
}

const Definition::Json& Definition::require(std::string_view key) {
  if (const auto* member = find(key)) return *member;
  refuse(key, "is missing");
}

std::string Definition::text(std::string_view key) {
  const auto& member = require(key);
  if (!member.is_string()) refuse(key, "wants a string" + got(member));
  return member.get<std::string>();
}

std::optional<std::string> Definition::text_if_any(std::string_view key) {
  if (!json_.contains(key)) return std::nullopt;
  return text(key);
}

bool Definition::truth(std::string_view key) {
  const auto& member = require(key);
  if (!member.is_boolean()) refuse(key, "wants true or false" + got(member));
  return member.get<bool>();
}

bool Definition::truth(std::string_view key, bool if_none) { return json_.contains(key) ? truth(key) : if_none; }

std::int64_t Definition::integer(std::string_view key, std::int64_t if_none) {
  const auto* member = find(key);
  if (member == nullptr) return if_none;
  using Limits = std::numeric_limits<std::int64_t>;
  const auto bits = protocol::integer_within(*member, Limits::min(), Limits::max());
  if (!bits) refuse(key, "wants an integer" + got(*member));
  return static_cast<std::int64_t>(*bits);
}

std::string Definition::name(std::string_view key) {
  auto name = text(key);
  if (name.size() > protocol::ShortString::max_size_bytes) refuse(key, "is longer than 255 bytes");
  return name;
}

std::string Definition::table(std::string_view key) {
  std::string encoded;
  const auto* member = find(key);
  if (member == nullptr) return encoded;
  if (const auto fault = protocol::encode_table(*member, table_depth_max, encoded)) refuse(key, *fault);
  return encoded;
}

std::vector<std::string> Definition::words(std::string_view key) {
  const auto* member = find(key);
  if (member == nullptr) return {};
  if (member->is_string()) return words_between_commas(member->get_ref<const std::string&>());
  if (!member->is_array() || !std::ranges::all_of(*member, [](const Json& word) { return word.is_string(); }))
    refuse(key, "wants an array of strings, or a string with commas between the words");
  return member->get<std::vector<std::string>>();
}

std::vector<Definition> Definition::list(std::string_view key) {
  std::vector<Definition> elements;
  const auto* member = find(key);
  if (member == nullptr) return elements;
  if (!member->is_array()) refuse(key, "wants an array" + got(*member));
  for (const auto& element : *member)
    elements.emplace_back(element, path_of(key) + "[" + std::to_string(elements.size()) + "]");
  return elements;
}

std::vector<std::string> Definition::unasked() const {
  std::vector<std::string> keys;
  for (const auto& [key, member] : json_.items())
    if (std::ranges::find(asked_, key) == asked_.end() && !holds_nothing(member)) keys.push_back(key);
  return keys;
}

}  // namespace pocketmq::broker
