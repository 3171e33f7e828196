#include "broker/compare/normalized_recording.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include <nlohmann/json.hpp>

#include "broker/request/control_error.hpp"

namespace pocketmq::broker {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t random_name_size = 22;
constexpr std::string_view reply_prefix = "amq.rabbitmq.reply-to.";

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_word(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_name(char c) { return is_word(c) || c == '-' || c == '_'; }
bool is_address(char c) { return is_name(c) || c == '.' || c == '=' || c == '+' || c == '/'; }

// The size of a UUID at the beginning of the text; 0 if there is none.
std::size_t uuid_size(std::string_view text) {
  constexpr std::string_view form = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  constexpr std::size_t digits = 32;
  const auto fits = [](char c, char wanted) { return wanted == 'x' ? is_hex(c) : c == wanted; };
  if (text.size() >= form.size() && std::ranges::equal(text.substr(0, form.size()), form, fits)) return form.size();
  return text.size() >= digits && std::ranges::all_of(text.substr(0, digits), is_hex) ? digits : 0;
}

struct FoundName {
  std::size_t size{0};
  char letter{};
};

// A random name at the beginning of the text. `is_inside`: a letter or a digit stands before it.
FoundName random_name(std::string_view text, bool is_inside) {
  for (const auto& [prefix, letter] : {std::pair<std::string_view, char>{"amq.gen-", 'q'}, {"amq.ctag-", 't'}}) {
    if (!text.starts_with(prefix) || text.size() < prefix.size() + random_name_size) continue;
    if (std::ranges::all_of(text.substr(prefix.size(), random_name_size), is_name))
      return {prefix.size() + random_name_size, letter};
  }
  if (text.starts_with(reply_prefix)) {
    auto size = reply_prefix.size();
    while (size < text.size() && is_address(text[size])) ++size;
    if (size > reply_prefix.size()) return {size, 'r'};
  }
  if (is_inside) return {};
  const auto size = uuid_size(text);
  if (size == 0 || (size < text.size() && is_word(text[size]))) return {};
  return {size, 'u'};
}

// Names in the order in which they appear: "c1", "c2".
class Names {
 public:
  std::string of(char letter, const std::string& name) {
    auto& names = by_letter_[letter];
    return letter + std::to_string(names.try_emplace(name, names.size() + 1).first->second);
  }

 private:
  std::map<char, std::map<std::string, std::size_t>> by_letter_;
};

[[noreturn]] void refuse(std::size_t line, const std::string& why) {
  throw ControlError{ControlError::Kind::bad, "line " + std::to_string(line) + " is no event of the journal: " + why};
}

std::uint64_t number_in(const Json& event, std::string_view key) {
  const auto found = event.find(key);
  return found != event.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::string text_in(const Json& event, std::string_view key) {
  const auto found = event.find(key);
  return found != event.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

// "2026-11-30T10:15:02.123456Z"
std::optional<std::chrono::microseconds> time_of(std::string_view text) {
  const auto number = [text](std::size_t begin, std::size_t size) {
    int value = -1;
    if (begin + size <= text.size()) std::from_chars(text.data() + begin, text.data() + begin + size, value);
    return value;
  };
  if (text.size() != 27 || text[10] != 'T') return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{number(0, 4)},
                                         std::chrono::month{static_cast<unsigned>(number(5, 2))},
                                         std::chrono::day{static_cast<unsigned>(number(8, 2))}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date}.time_since_epoch() + std::chrono::hours{number(11, 2)}
         + std::chrono::minutes{number(14, 2)} + std::chrono::seconds{number(17, 2)}
         + std::chrono::microseconds{number(20, 6)};
}

class Normalizer {
 public:
  explicit Normalizer(std::string_view scope) : scope_{scope} {}

  std::string normalized(std::string_view ndjson) {
    read(ndjson);
    std::string text = Json{{"recording", 1}, {"members", "all"}, {"times", "ignored"}}.dump() + "\n";
    for (auto& event : events_)
      if (is_wanted(event)) text += rewritten(event).dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
    return text;
  }

 private:
  void read(std::string_view ndjson) {
    for_each_line(ndjson, [&](std::string_view line, std::size_t number) {
      auto event = Json::parse(line, nullptr, false);
      if (event.is_discarded() || !event.is_object()) refuse(number, "wants a JSON object");
      if (event.contains("journal")) return;
      if (!event.contains("kind") || !event["kind"].is_string()) refuse(number, "it has no \"kind\"");
      if (!time_of(text_in(event, "time"))) refuse(number, "it has no \"time\" such as 2026-11-30T10:15:02.123456Z");
      if (events_.size() == RecordingLimits::lines_max)
        throw ControlError{ControlError::Kind::bad, "a recording has at most "
                                                        + std::to_string(RecordingLimits::lines_max)
                                                        + " events; record a shorter part of the test"};
      if (text_in(event, "vhost") == scope_) {
        if (const auto connection = number_in(event, "connection"); connection > 0) connections_.insert(connection);
        if (const auto message = number_in(event, "message"); message > 0) messages_.insert(message);
      }
      events_.push_back(std::move(event));
    });
  }

  [[nodiscard]] bool is_wanted(const Json& event) const {
    const auto kind = text_in(event, "kind");
    if (kind.starts_with("clock.") || kind == "gap") return true;
    if (kind == "vhost.created" || kind.starts_with("memory.") || kind == "broker.accept_failed") return false;
    if (kind == "exchange.declared" && !event.contains("connection")) {
      const auto exchange = text_in(event, "exchange");
      if (exchange.empty() || exchange.starts_with("amq.")) return false;
    }
    if (scope_.empty()) return true;
    if (event.contains("vhost")) return text_in(event, "vhost") == scope_;
    if (const auto connection = number_in(event, "connection"); connection > 0)
      return connections_.contains(connection);
    return messages_.contains(number_in(event, "message"));
  }

  Json rewritten(const Json& event) {
    const auto time = *time_of(text_in(event, "time"));
    if (!first_) first_ = time;
    Json result{{"at", offset(time - *first_)}, {"kind", event["kind"]}};
    for (const auto& [key, value] : event.items())
      if (!is_left_out(key, event)) result[key] = rewritten_member(key, value);
    return result;
  }

  [[nodiscard]] bool is_left_out(const std::string& key, const Json& event) const {
    static const std::set<std::string, std::less<>> always{"number", "time", "ahead_ms", "kind", "address", "position"};
    if (always.contains(key)) return true;
    if (key == "vhost" || key == "user") return !scope_.empty();
    const bool has_client = number_in(event, "connection") > 0;
    if (key == "connection" || key == "channel") return !has_client;
    if (key == "name") return event.contains("address") && event["address"] == event["name"];
    return key == "body_bytes" && text_in(event, "body").size() == number_in(event, "body_bytes");
  }

  Json rewritten_member(const std::string& key, const Json& value) {
    if (key == "connection" && value.is_number()) return names_.of('c', value.dump());
    if ((key == "message" || key == "parent") && value.is_number())
      return value == 0 ? std::string{"m0"} : names_.of('m', value.dump());
    if (key == "body" && value.is_string()) return rewritten_body(value);
    if (key == "text" && value.is_string()) return rewritten_text(value.get<std::string>());
    auto result = rewritten_value(value);
    if (key == "properties" && result.contains("timestamp")) result["timestamp"] = "<time>";
    return result;
  }

  Json rewritten_body(const Json& body) {
    const auto& text = body.get_ref<const std::string&>();
    const auto begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos || (text[begin] != '{' && text[begin] != '[')) return rewritten_value(body);
    const auto parsed = Json::parse(text, nullptr, false);
    return rewritten_value(parsed.is_discarded() ? body : parsed);
  }

  // The scope's own name differs from run to run.
  [[nodiscard]] std::string rewritten_text(std::string text) {
    if (!scope_.empty()) {
      const auto named = "vhost '" + std::string{scope_} + "'";
      if (const auto at = text.find(named); at != std::string::npos) text.replace(at, named.size(), "vhost '<scope>'");
    }
    return rewritten_string(text);
  }

  Json rewritten_value(const Json& value) {
    if (value.is_string()) return rewritten_string(value.get_ref<const std::string&>());
    if (value.is_object() && value.size() == 1 && value.contains("$timestamp")) return "<time>";
    if (!value.is_structured()) return value;
    auto result = value;
    for (auto& element : result) element = rewritten_value(element);
    return result;
  }

  std::string rewritten_string(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size();) {
      const auto found = random_name(text.substr(i), i > 0 && is_word(text[i - 1]));
      if (found.size == 0) {
        result += text[i++];
        continue;
      }
      result += '<' + names_.of(found.letter, std::string{text.substr(i, found.size)}) + '>';
      i += found.size;
    }
    return result;
  }

  static std::string offset(std::chrono::microseconds since_first) {
    const auto milliseconds = std::chrono::floor<std::chrono::milliseconds>(since_first).count();
    const auto size = milliseconds < 0 ? -milliseconds : milliseconds;
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%c%lld.%03d", milliseconds < 0 ? '-' : '+',
                  static_cast<long long>(size / 1000), static_cast<int>(size % 1000));
    return text.data();
  }

  const std::string_view scope_;
  std::vector<Json> events_;
  std::set<std::uint64_t> connections_;  // of the scope
  std::set<std::uint64_t> messages_;
  Names names_;
  std::optional<std::chrono::microseconds> first_;
};

}  // namespace

std::string normalized_recording(std::string_view ndjson, std::string_view scope) {
  return Normalizer{scope}.normalized(ndjson);
}

}  // namespace pocketmq::broker
