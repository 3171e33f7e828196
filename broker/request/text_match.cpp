#include "broker/request/text_match.hpp"

#include <utility>

#include <nlohmann/json.hpp>

#include "protocol/codec/json_parse.hpp"

namespace pocketmq::broker {

bool TextMatch::matches(std::string_view text, Budget* budget) const {
  if (const auto* const wanted = exact()) return *wanted == text;
  return std::get<Pattern>(wanted_).found_in(text, budget);
}

std::string TextMatch::text() const {
  if (const auto* const wanted = exact()) return protocol::in_quotes(*wanted);
  return "a match of /" + std::get<Pattern>(wanted_).text() + "/";
}

std::optional<TextMatch> text_match_in(JsonObject& object, std::string_view key) {
  const auto* const member = object.member(key);
  if (member == nullptr) return std::nullopt;
  if (member->is_string()) return TextMatch{member->get<std::string>()};
  if (!member->is_object() || member->size() != 1 || !member->contains("matches") || !member->at("matches").is_string())
    object.refuse(key, "wants a string, which is matched exactly, or {\"matches\": \"a pattern\"}; got "
                           + protocol::kind_of(*member));
  try {
    return TextMatch{Pattern{member->at("matches").get<std::string>()}};
  } catch (const PatternError& error) {
    object.refuse(key, "the pattern is not understood: " + std::string{error.what()});
  }
}

}  // namespace pocketmq::broker
