// What a test wants to find in JSON: a part of it is enough.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace pocketmq::broker {

/// An object matches an object that has all its members, and perhaps more. An array matches an array of the same length
/// whose elements match. {"matches": "a pattern"} matches a string in which the pattern is found. Anything else matches
/// what is equal to it; 5 and 5.0 are equal.
class JsonMatch {
 public:
  /// Throws ControlError of kind `bad` for a pattern that is not understood, and for more than 64 levels.
  explicit JsonMatch(const nlohmann::ordered_json& wanted);
  /// The same from a text. Throws also if the text is no JSON.
  [[nodiscard]] static JsonMatch of_text(std::string_view wanted);

  [[nodiscard]] bool matches(const nlohmann::ordered_json& json) const;
  /// False if the text is no JSON.
  [[nodiscard]] bool matches_text(std::string_view text) const;
  /// The JSON, as it was given.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  struct Wanted;

  std::shared_ptr<const Wanted> wanted_;
  std::string text_;
};

}  // namespace pocketmq::broker
