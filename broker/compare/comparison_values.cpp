#include "broker/compare/comparison_values.hpp"

#include <algorithm>
#include <cctype>
#include <optional>

#include <nlohmann/json.hpp>

namespace pocketmq::broker {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t shown_bytes_max = 120;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// The size of a token at the beginning: "<q12>", with its angle brackets; 0 if there is none.
std::size_t token_size(std::string_view text) {
  if (text.size() < 4 || text[0] != '<' || std::string_view{"qtru"}.find(text[1]) == std::string_view::npos) return 0;
  std::size_t end = 2;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end > 2 && end < text.size() && text[end] == '>' ? end + 1 : 0;
}

bool is_matcher(const Json& golden, std::string_view matcher) {
  return golden.is_string() && golden.get_ref<const std::string&>() == matcher;
}

std::string shown_json(const Json* value) {
  if (value == nullptr) return "missing";
  auto text = value->dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > shown_bytes_max) text = text.substr(0, shown_bytes_max) + "...";
  return text;
}

bool is_id(std::string_view member) { return member == "connection" || member == "message" || member == "parent"; }

const Json* find(const Json& object, std::string_view key) {
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

}  // namespace

bool Renaming::allows(std::string_view golden, std::string_view recorded) const {
  const auto to = to_recorded_.find(golden);
  if (to != to_recorded_.end()) return to->second == recorded;
  return !to_golden_.contains(recorded);
}

bool Renaming::bind(std::string_view golden, std::string_view recorded) {
  if (!allows(golden, recorded)) return false;
  if (to_recorded_.contains(golden)) return true;
  to_recorded_.emplace(golden, recorded);
  to_golden_.emplace(recorded, golden);
  trail_.emplace_back(golden, recorded);
  return true;
}

std::string_view Renaming::recorded(std::string_view golden) const {
  const auto found = to_recorded_.find(golden);
  return found == to_recorded_.end() ? std::string_view{} : found->second;
}

std::string_view Renaming::golden(std::string_view recorded) const {
  const auto found = to_golden_.find(recorded);
  return found == to_golden_.end() ? std::string_view{} : found->second;
}

void Renaming::undo(std::size_t mark) {
  for (; trail_.size() > mark; trail_.pop_back()) {
    to_recorded_.erase(trail_.back().first);
    to_golden_.erase(trail_.back().second);
  }
}

// One comparison of two events.
class ValueComparison::Walk {
 public:
  Walk(ValueComparison& owner, Unbound unbound, std::vector<std::string>* differences)
      : owner_{owner}, unbound_{unbound}, differences_{differences} {}

  bool events(const Json& golden, const Json& recorded) {
    bool equal = true;
    for (const auto& [key, value] : golden.items()) {
      if (key == "at" && !owner_.options_.compares_times) continue;
      const auto* const other = find(recorded, key);
      equal = (other == nullptr ? differ(key, &value, nullptr) : member(key, value, *other)) && equal;
      if (stops(equal)) return false;
    }
    return extra_members("", golden, recorded) && equal;
  }

 private:
  [[nodiscard]] bool stops(bool equal) const { return !equal && differences_ == nullptr; }

  bool differ(const std::string& path, const Json* golden, const Json* recorded) {
    if (differences_ == nullptr) return false;
    auto text = "'" + path + "' is " + shown_as_golden(recorded);
    if (golden == nullptr)
      text += ", which the golden does not have";
    else
      text += ", not " + shown_json(golden);
    differences_->push_back(std::move(text));
    return false;
  }
  // With the golden's names, so that a reader can compare the two. Names that the golden does not have stay.
  [[nodiscard]] std::string shown_as_golden(const Json* recorded) const {
    if (recorded == nullptr || !recorded->is_string()) return shown_json(recorded);
    const auto& text = recorded->get_ref<const std::string&>();
    const auto golden = owner_.renaming_.golden(text);
    const Json renamed = golden.empty() ? with_golden_names(text, owner_.renaming_) : std::string{golden};
    return shown_json(&renamed);
  }

  bool extra_members(const std::string& path, const Json& golden, const Json& recorded) {
    if (owner_.options_.members == Members::listed) return true;
    bool equal = true;
    for (const auto& [key, value] : recorded.items()) {
      if (key == "at" || golden.contains(key)) continue;
      equal = differ(path.empty() ? key : path + "." + key, nullptr, &value);
      if (stops(equal)) return false;
    }
    return equal;
  }

  bool member(const std::string& key, const Json& golden, const Json& recorded) {
    if (is_id(key) && golden.is_string() && recorded.is_string() && !is_matcher(golden, "<any>"))
      return id(key, golden, recorded);
    if ((key == "queues" || key == "routes") && golden.is_array() && recorded.is_array())
      return in_any_order(key, golden, recorded);
    if (key == "properties" && golden.is_object() && recorded.is_object()) return properties(key, golden, recorded);
    return value(key, golden, recorded);
  }

  bool id(const std::string& key, const Json& golden, const Json& recorded) {
    return tokens(golden.get_ref<const std::string&>(), recorded.get_ref<const std::string&>())
           || differ(key, &golden, &recorded);
  }

  bool tokens(std::string_view golden, std::string_view recorded) {
    if (golden == "m0" || recorded == "m0") return golden == recorded;
    return unbound_ == Unbound::are_bound ? owner_.renaming_.bind(golden, recorded)
                                          : owner_.renaming_.allows(golden, recorded);
  }

  bool properties(const std::string& path, const Json& golden, const Json& recorded) {
    bool equal = members(path, golden, recorded);
    if (stops(equal)) return false;
    return extra_members(path, golden, recorded) && equal;
  }

  bool members(const std::string& path, const Json& golden, const Json& recorded) {
    bool equal = true;
    for (const auto& [key, value] : golden.items()) {
      const auto* const other = find(recorded, key);
      const auto inner = path + "." + key;
      equal = (other == nullptr ? differ(inner, &value, nullptr) : this->value(inner, value, *other)) && equal;
      if (stops(equal)) return false;
    }
    return equal;
  }

  // The order of queues and routes is that of a table of bindings, which clients may fill in any order.
  bool in_any_order(const std::string& path, const Json& golden, const Json& recorded) {
    std::vector<bool> used(recorded.size(), false);
    for (const auto& wanted : golden) {
      std::size_t i = 0;
      for (; i < recorded.size(); ++i) {
        if (used[i]) continue;
        const auto mark = owner_.renaming_.mark();
        if (Walk{owner_, unbound_, nullptr}.value(path, wanted, recorded[i])) break;
        owner_.renaming_.undo(mark);
      }
      if (i == recorded.size()) return differ(path, &golden, &recorded);
      used[i] = true;
    }
    return recorded.size() == golden.size() || differ(path, &golden, &recorded);
  }

  bool value(const std::string& path, const Json& golden, const Json& recorded) {
    ++owner_.compared_;
    if (is_matcher(golden, "<any>")) return true;
    if (is_matcher(golden, "<number>") && recorded.is_number()) return true;
    if (golden.is_string() && recorded.is_string())
      return strings(golden.get_ref<const std::string&>(), recorded.get_ref<const std::string&>())
             || differ(path, &golden, &recorded);
    if (golden.is_object() && recorded.is_object()) return objects(path, golden, recorded);
    if (golden.is_array() && recorded.is_array()) return arrays(path, golden, recorded);
    return golden == recorded || differ(path, &golden, &recorded);
  }

  bool objects(const std::string& path, const Json& golden, const Json& recorded) {
    bool equal = members(path, golden, recorded);
    if (stops(equal)) return false;
    for (const auto& [key, value] : recorded.items()) {
      if (golden.contains(key)) continue;
      equal = differ(path + "." + key, nullptr, &value);
      if (stops(equal)) return false;
    }
    return equal;
  }

  bool arrays(const std::string& path, const Json& golden, const Json& recorded) {
    if (golden.size() != recorded.size()) return differ(path, &golden, &recorded);
    bool equal = true;
    for (std::size_t i = 0; i < golden.size(); ++i) {
      equal = value(path + "[" + std::to_string(i) + "]", golden[i], recorded[i]) && equal;
      if (stops(equal)) return false;
    }
    return equal;
  }

  // Tokens of a string that does not match stay unbound.
  bool strings(std::string_view golden, std::string_view recorded) {
    if (golden == "<time>")
      return recorded == "<time>" || (!recorded.empty() && (recorded[0] == '+' || recorded[0] == '-'));
    const auto mark = owner_.renaming_.mark();
    parts_ = 0;
    if (string_from(golden, recorded)) return true;
    owner_.renaming_.undo(mark);
    return false;
  }

  // `<any>` tries the shortest part first.
  bool string_from(std::string_view golden, std::string_view recorded) {
    constexpr std::size_t parts_max = 100'000;
    constexpr std::string_view any = "<any>", number = "<number>", uuid = "<uuid>";
    for (;;) {
      if (++parts_ > parts_max) return false;
      if (golden.empty()) return recorded.empty();
      if (golden.starts_with(any)) {
        for (std::size_t i = 0; i <= recorded.size(); ++i) {
          const auto mark = owner_.renaming_.mark();
          if (string_from(golden.substr(any.size()), recorded.substr(i))) return true;
          owner_.renaming_.undo(mark);
        }
        return false;
      }
      std::size_t golden_size = 1, recorded_size = 1;
      if (golden.starts_with(number)) {
        golden_size = number.size();
        recorded_size = static_cast<std::size_t>(std::ranges::find_if_not(recorded, is_digit) - recorded.begin());
        if (recorded_size == 0) return false;
      } else if (golden.starts_with(uuid)) {
        golden_size = uuid.size();
        recorded_size = token_size(recorded);
        if (recorded_size == 0 || recorded[1] != 'u') return false;
      } else if (const auto size = token_size(golden); size > 0) {
        golden_size = size;
        recorded_size = token_size(recorded);
        if (recorded_size == 0 || golden[1] != recorded[1]) return false;
        if (!tokens(golden.substr(0, golden_size), recorded.substr(0, recorded_size))) return false;
      } else if (recorded.empty() || golden.front() != recorded.front()) {
        return false;
      }
      golden.remove_prefix(golden_size);
      recorded.remove_prefix(recorded_size);
    }
  }

  ValueComparison& owner_;
  const Unbound unbound_;
  std::vector<std::string>* const differences_;
  std::size_t parts_{0};
};

bool ValueComparison::are_equal(const Json& golden, const Json& recorded, Unbound unbound) {
  ++compared_;
  const auto mark = renaming_.mark();
  if (Walk{*this, unbound, nullptr}.events(golden, recorded)) return true;
  renaming_.undo(mark);
  return false;
}

std::vector<std::string> ValueComparison::differences(const Json& golden, const Json& recorded) {
  std::vector<std::string> differences;
  Walk{*this, Unbound::are_bound, &differences}.events(golden, recorded);
  return differences;
}

std::string with_golden_names(std::string_view recorded, const Renaming& renaming) {
  std::string text;
  while (!recorded.empty()) {
    const auto size = token_size(recorded);
    const auto golden = renaming.golden(recorded.substr(0, size));
    if (size == 0 || golden.empty())
      text += recorded.substr(0, std::max<std::size_t>(size, 1));
    else
      text += golden;
    recorded.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return text;
}

}  // namespace pocketmq::broker
