// Regular expressions for names, as RabbitMQ's permissions and policies use them: PCRE's, found anywhere in a name
// unless `^` and `$` say otherwise.
//
// Patterns are the operator's, but names come from clients. So there is no backtracking: a name is walked through once,
// with all ways through the pattern at the same time, and no name takes more than its length times the pattern's size;
// times its length again, if the pattern looks ahead. A search has a limit, too.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "broker/access/pattern_program.hpp"
#include "broker/core/budget.hpp"

namespace pocketmq::broker {

class Pattern {
 public:
  /// What may be written is said at `compile_pattern`. Throws PatternError.
  explicit Pattern(std::string text) : text_{std::move(text)}, program_{compile_pattern(text_)} {}

  [[nodiscard]] const std::string& text() const { return text_; }
  /// Whether it matches somewhere in `name`. The search draws on the budget, if one is given. One that takes longer
  /// than any sensible pattern does is given up, as PCRE's match limit has it: then the pattern is not found.
  [[nodiscard]] bool found_in(std::string_view name, Budget* budget = nullptr) const;

 private:
  std::string text_;
  PatternProgram program_;
};

}  // namespace pocketmq::broker
