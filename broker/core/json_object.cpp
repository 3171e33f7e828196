#include "broker/core/json_object.hpp"

#include <algorithm>
#include <limits>

#include <nlohmann/json.hpp>

#include "protocol/codec/json_parse.hpp"
#include "protocol/codec/json_table.hpp"
#include "protocol/vocabulary/wire_types.hpp"

namespace pocketmq::broker {
namespace {

constexpr unsigned table_depth_max = 32;
constexpr unsigned json_depth_max = 256;

bool is_empty_value(const JsonObject::Json& json) {
  if (json.is_boolean()) return !json.get<bool>();
  if (json.is_string()) return json.get_ref<const std::string&>().empty();
  return json.empty();
}

std::string got(const JsonObject::Json& json) { return ", got " + protocol::kind_of(json); }

std::vector<std::string> split_at_commas(std::string_view text) {
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

nlohmann::ordered_json parse_json_text(std::string_view text) {
  nlohmann::ordered_json json;
  const auto fault = protocol::parse_json(text, json_depth_max, json);
  if (!fault) return json;
  try {
    const auto ignored = nlohmann::ordered_json::parse(text);  // to get the line and the column of a syntax error
  } catch (const nlohmann::json::exception& error) {  // not only parse_error: a number such as 1e400 throws another one
    std::string why = error.what();  // "[json.exception.parse_error.101] parse error at line 3, column 5: ..."
    throw JsonObjectError{why.substr(std::min(why.find("] ") + 2, why.size()))};
  }
  throw JsonObjectError{*fault};
}

JsonObject::JsonObject(const Json& json, std::string path) : json_{json}, path_{std::move(path)} {
  if (json.is_object()) return;
  throw JsonObjectError{(path_.empty() ? "" : path_ + ": ") + "wants a JSON object" + got(json)};
}

std::string JsonObject::path_of(std::string_view key) const {
  return (path_.empty() ? "" : path_ + ".") + std::string{key};
}

void JsonObject::refuse(std::string_view key, const std::string& why) const {
  throw JsonObjectError{path_of(key) + ": " + why};
}

bool JsonObject::has(std::string_view key) const { return json_.contains(key); }

const JsonObject::Json* JsonObject::find(std::string_view key) {
  read_keys_.push_back(key);
  const auto found = json_.find(key);
  return found == json_.end() ? nullptr : &*found;
}

const JsonObject::Json& JsonObject::require(std::string_view key) {
  if (const auto* member = find(key)) return *member;
  refuse(key, "is missing");
}

std::string JsonObject::text(std::string_view key) {
  const auto& member = require(key);
  if (!member.is_string()) refuse(key, "wants a string" + got(member));
  return member.get<std::string>();
}

std::optional<std::string> JsonObject::optional_text(std::string_view key) {
  if (find(key) == nullptr) return std::nullopt;
  return text(key);
}

bool JsonObject::boolean(std::string_view key) {
  const auto& member = require(key);
  if (!member.is_boolean()) refuse(key, "wants true or false" + got(member));
  return member.get<bool>();
}

bool JsonObject::boolean(std::string_view key, bool fallback) { return find(key) == nullptr ? fallback : boolean(key); }

std::int64_t JsonObject::integer(std::string_view key, std::int64_t fallback) {
  const auto* member = find(key);
  if (member == nullptr) return fallback;
  using Limits = std::numeric_limits<std::int64_t>;
  const auto bits = protocol::integer_within(*member, Limits::min(), Limits::max());
  if (!bits) refuse(key, "wants an integer" + got(*member));
  return static_cast<std::int64_t>(*bits);
}

std::string JsonObject::name(std::string_view key) {
  auto name = text(key);
  if (name.size() > protocol::ShortString::max_size_bytes) refuse(key, "is longer than 255 bytes");
  return name;
}

std::string JsonObject::table(std::string_view key) {
  std::string encoded;
  const auto* member = find(key);
  if (member == nullptr) return encoded;
  if (const auto fault = protocol::encode_table(*member, table_depth_max, encoded)) refuse(key, *fault);
  return encoded;
}

std::vector<std::string> JsonObject::words(std::string_view key) {
  const auto* member = find(key);
  if (member == nullptr) return {};
  if (member->is_string()) return split_at_commas(member->get_ref<const std::string&>());
  if (!member->is_array() || !std::ranges::all_of(*member, [](const Json& word) { return word.is_string(); }))
    refuse(key, "wants an array of strings, or a string with commas between the words");
  return member->get<std::vector<std::string>>();
}

std::vector<JsonObject> JsonObject::list(std::string_view key) {
  std::vector<JsonObject> elements;
  const auto* member = find(key);
  if (member == nullptr) return elements;
  if (!member->is_array()) refuse(key, "wants an array" + got(*member));
  for (const auto& element : *member)
    elements.emplace_back(element, path_of(key) + "[" + std::to_string(elements.size()) + "]");
  return elements;
}

std::optional<JsonObject> JsonObject::object(std::string_view key) {
  const auto* member = find(key);
  if (member == nullptr) return std::nullopt;
  return JsonObject{*member, path_of(key)};
}

std::optional<std::uint64_t> JsonObject::whole_number(std::string_view key, std::uint64_t min, std::uint64_t max) {
  const auto* member = find(key);
  if (member == nullptr) return std::nullopt;
  const auto number = protocol::integer_within(*member, 0, max);
  if (!number || *number < min)
    refuse(key, protocol::integer_wanted(static_cast<std::int64_t>(min), max) + got(*member));
  return number;
}

void JsonObject::refuse_unread_keys() const {
  for (const auto& [key, ignored] : json_.items()) {
    if (std::ranges::find(read_keys_, key) != read_keys_.end()) continue;
    std::string known;
    for (auto each = read_keys_.begin(); each != read_keys_.end(); ++each)
      if (std::find(read_keys_.begin(), each, *each) == each)
        known += (known.empty() ? "" : ", ") + protocol::in_quotes(*each);
    refuse(key, "there is no such member; there " + (known.empty() ? "are none" : "may be " + known));
  }
}

std::vector<std::string> JsonObject::unread_keys() const {
  std::vector<std::string> keys;
  for (const auto& [key, member] : json_.items())
    if (std::ranges::find(read_keys_, key) == read_keys_.end() && !is_empty_value(member)) keys.push_back(key);
  return keys;
}

}  // namespace pocketmq::broker
