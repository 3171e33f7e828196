// A text that a test waits for: exactly that text, or one in which a pattern is found.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "broker/access/pattern.hpp"
#include "broker/core/json_object.hpp"

namespace pocketmq::broker {

class TextMatch {
 public:
  /// Matches this text only.
  TextMatch(std::string exact) : wanted_{std::move(exact)} {}
  TextMatch(const char* exact) : wanted_{std::string{exact}} {}
  /// Matches texts in which the pattern is found (broker/access/pattern.hpp). `^` and `$` anchor it.
  explicit TextMatch(Pattern pattern) : wanted_{std::move(pattern)} {}

  /// The work of a pattern is charged to the budget, if one is given.
  [[nodiscard]] bool matches(std::string_view text, Budget* budget = nullptr) const;
  /// Null for a pattern.
  [[nodiscard]] const std::string* exact() const { return std::get_if<std::string>(&wanted_); }
  /// How error texts name it: "'orders'", or "a match of /^orders/".
  [[nodiscard]] std::string text() const;

 private:
  std::variant<std::string, Pattern> wanted_;
};

/// The member of a request: "exact" or {"matches": "a pattern"}; nothing if it is missing. Throws JsonObjectError if it
/// is neither.
[[nodiscard]] std::optional<TextMatch> text_match_in(JsonObject& object, std::string_view key);

}  // namespace pocketmq::broker
