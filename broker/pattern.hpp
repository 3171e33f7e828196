// Regular expressions for names, as RabbitMQ's permissions and policies use them: PCRE's, found anywhere in a name
// unless `^` and `$` say otherwise.
//
// Patterns are the operator's, but names come from clients. So there is no backtracking: a name is walked through once,
// with all ways through the pattern at the same time, and no name takes more than its length times the pattern's size;
// times its length again, if the pattern looks ahead.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "broker/pattern_program.hpp"

namespace pocketmq::broker {

class Pattern {
 public:
  /// What may be written is said at `compile_pattern`. Throws PatternError.
  explicit Pattern(std::string text) : text_{std::move(text)}, program_{compile_pattern(text_)} {}

  [[nodiscard]] const std::string& text() const { return text_; }
  /// Whether it matches somewhere in `name`.
  [[nodiscard]] bool found_in(std::string_view name) const;

 private:
  std::string text_;
  PatternProgram program_;
};

}  // namespace pocketmq::broker
