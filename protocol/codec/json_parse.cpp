#include "protocol/codec/json_parse.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include <nlohmann/json.hpp>

namespace pocketmq::protocol {
namespace {

using Json = nlohmann::ordered_json;
using Members = Json::object_t::Container;

constexpr std::size_t quoted_max_bytes = 24;

// Builds the JSON value from the parser's events. Members are appended without a search: `ordered_json`'s own parser
// searches all earlier keys for each new key, so a peer could make it slow.
class BoundedBuilder {
 public:
  BoundedBuilder(Json& root, unsigned depth_max, std::size_t values_max)
      : root_{root},
        depth_max_{depth_max},
        values_left_{values_max == 0 ? no_limit : values_max},
        values_max_{values_max} {}

  bool null() { return add(nullptr); }
  bool boolean(bool value) { return add(value); }
  bool number_integer(Json::number_integer_t value) { return add(value); }
  bool number_unsigned(Json::number_unsigned_t value) { return add(value); }
  bool number_float(Json::number_float_t value, const std::string& text) {
    if (text.find_first_of(".eE") == std::string::npos) return refuse("an integer does not fit into 64 bits");
    return add(value);
  }
  bool string(std::string& value) { return add(std::move(value)); }
  bool binary(Json::binary_t&) { return refuse("binary values are not JSON"); }

  bool start_object(std::size_t) { return open(Json::object()); }
  bool key(std::string& name) {
    Members& members = *open_.back()->get_ptr<Json::object_t*>();
    member_ = &members.emplace_back(std::move(name), nullptr).second;
    return true;
  }
  bool end_object() {
    const Members& members = *open_.back()->get_ptr<Json::object_t*>();
    open_.pop_back();
    return check_keys(members);
  }
  bool start_array(std::size_t) { return open(Json::array()); }
  bool end_array() {
    open_.pop_back();
    return true;
  }

  bool parse_error(std::size_t position, const std::string&, const Json::exception& error) {
    // Keeps the library's text after the position, without what it read: that comes from the peer and may be anything.
    std::string_view why = error.what();
    for (const std::string_view before : {"] ", "parse error at line ", ": ", "syntax error ", "while parsing "})
      if (const auto at = why.find(before); at != std::string_view::npos) why.remove_prefix(at + before.size());
    why = why.substr(0, std::min({why.find("; last read"), why.find(" parsing '"), std::size_t{120}}));
    return refuse("malformed JSON at byte " + std::to_string(position) + ": " + std::string{why});
  }

  [[nodiscard]] std::optional<std::string> fault() && { return std::move(fault_); }

 private:
  static constexpr auto no_limit = std::numeric_limits<std::size_t>::max();

  bool add(Json value) {
    if (!count_value()) return false;
    insert(std::move(value));
    return true;
  }

  bool open(Json value) {
    if (open_.size() == depth_max_)
      return refuse("objects and arrays are nested more than " + std::to_string(depth_max_) + " deep");
    if (!count_value()) return false;
    open_.push_back(&insert(std::move(value)));
    return true;
  }

  bool count_value() {
    if (values_left_-- > 0) return true;
    return refuse("it has more than the " + std::to_string(values_max_)
                  + " JSON values that are accepted; send fewer, or put them into a message's body");
  }

  Json& insert(Json value) {
    if (open_.empty()) return root_ = std::move(value);
    if (auto* array = open_.back()->get_ptr<Json::array_t*>()) return array->emplace_back(std::move(value));
    return *member_ = std::move(value);
  }

  bool check_keys(const Members& members) {
    if (members.size() < 2) return true;
    keys_.clear();
    for (const auto& [key, value] : members) keys_.emplace_back(key);
    std::ranges::sort(keys_);
    const auto repeated = std::ranges::adjacent_find(keys_);
    return repeated == keys_.end() || refuse("key " + in_quotes(*repeated) + " appears twice in one object");
  }

  bool refuse(std::string why) {
    fault_ = std::move(why);
    return false;
  }

  Json& root_;
  unsigned depth_max_;
  std::size_t values_left_;
  std::size_t values_max_;
  std::vector<Json*> open_;  // open objects and arrays, outermost first
  Json* member_{nullptr};    // the innermost object's last member, which has no value yet
  std::vector<std::string_view> keys_;
  std::optional<std::string> fault_;
};

}  // namespace

std::optional<std::string> parse_json(std::string_view text, unsigned depth_max, nlohmann::ordered_json& into,
                                      std::size_t values_max) {
  BoundedBuilder builder{into, depth_max, values_max};
  (void)Json::sax_parse(text.begin(), text.end(), &builder);
  return std::move(builder).fault();
}

std::optional<std::uint64_t> integer_within(const nlohmann::ordered_json& json, std::int64_t min, std::uint64_t max) {
  if (json.is_number_unsigned()) {
    const auto number = json.get<std::uint64_t>();
    return number <= max ? std::optional{number} : std::nullopt;
  }
  if (!json.is_number_integer()) return std::nullopt;
  const auto number = json.get<std::int64_t>();  // negative, because the parser makes all other integers unsigned
  return number >= min && (number < 0 || static_cast<std::uint64_t>(number) <= max)
             ? std::optional{static_cast<std::uint64_t>(number)}
             : std::nullopt;
}

std::string integer_wanted(std::int64_t min, std::uint64_t max) {
  return "wants an integer from " + std::to_string(min) + " to " + std::to_string(max);
}

std::string kind_of(const nlohmann::ordered_json& json) {
  switch (json.type()) {
    case Json::value_t::null: return "null";
    case Json::value_t::boolean: return json.get<bool>() ? "true" : "false";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned: return "the integer " + json.dump();
    case Json::value_t::number_float: return "the real number " + json.dump();
    case Json::value_t::string: return "a string";
    case Json::value_t::array: return "an array";
    default: return "an object";
  }
}

std::string in_quotes(std::string_view word) {
  if (word.size() <= quoted_max_bytes) return "'" + std::string{word} + "'";
  std::size_t end = quoted_max_bytes;
  while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xC0U) == 0x80U) --end;
  return "'" + std::string{word.substr(0, end)} + "...'";
}

}  // namespace pocketmq::protocol
