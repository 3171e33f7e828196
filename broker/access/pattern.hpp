// Regular expressions for names, as RabbitMQ's permissions and policies use them. The syntax is PCRE's. A pattern
// matches anywhere in a name unless `^` and `$` anchor it.
//
// The operator writes the patterns, but clients choose the names. So the search does not backtrack. It reads a name
// once and follows all alternatives at the same time. Its time is at most the name's length times the pattern's size;
// with a look-ahead, times the name's length again. A search also has a limit of instructions.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "broker/access/pattern_program.hpp"
#include "broker/core/budget.hpp"

namespace pocketmq::broker {

class Pattern {
 public:
  /// `compile_pattern` says which syntax is supported. Throws PatternError.
  explicit Pattern(std::string text) : text_{std::move(text)}, program_{compile_pattern(text_)} {}

  [[nodiscard]] const std::string& text() const { return text_; }
  /// Whether the pattern matches somewhere in `name`. The search is charged to the budget, if one is given. Like PCRE's
  /// match limit, a limit ends a search that takes too many instructions. The pattern then does not match.
  [[nodiscard]] bool found_in(std::string_view name, Budget* budget = nullptr) const;

 private:
  std::string text_;
  PatternProgram program_;
};

}  // namespace pocketmq::broker
