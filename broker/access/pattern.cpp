#include "broker/access/pattern.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace pocketmq::broker {
namespace {

using What = PatternInstruction::What;

constexpr std::size_t search_steps_max = 200'000;  // a millisecond

// One search through a name. It follows all alternatives of the pattern at the same time, as Thompson's simulation of a
// non-deterministic automaton does: the set of states is computed for each byte of the name.
class Walk {
 public:
  /// Subtracts each instruction from `steps_left`. At 0 the search ends without a match.
  Walk(const PatternProgram& program, std::string_view name, std::size_t& steps_left)
      : program_{program}, name_{name}, steps_left_{steps_left}, reached_at_(program.size(), nowhere) {
    take(program.size() / 16 + 1);
  }

  /// Whether the program, begun at instruction `first`, matches from byte `at` of the name on; with `anywhere`, from
  /// that byte or a later one.
  bool finds(std::size_t first, std::size_t at, bool anywhere) {
    if (reach(first, at)) return true;
    for (; at < name_.size() && (anywhere || !open_.empty()) && steps_left_ > 0; ++at) {
      std::swap(open_, taken_);
      open_.clear();
      take(taken_.size());
      for (const auto index : taken_)
        if (program_[index].bytes[byte_at(at)] && reach(index + 1, at + 1)) return true;
      if (anywhere && reach(first, at + 1)) return true;
    }
    return false;
  }

 private:
  static constexpr auto nowhere = std::numeric_limits<std::size_t>::max();

  void take(std::size_t steps) { steps_left_ -= std::min(steps, steps_left_); }
  [[nodiscard]] unsigned char byte_at(std::size_t at) const { return static_cast<unsigned char>(name_[at]); }
  [[nodiscard]] bool ends_at(std::size_t at) const { return at == name_.size(); }
  [[nodiscard]] bool line_ends_at(std::size_t at) const {
    return ends_at(at) || (at + 1 == name_.size() && name_[at] == '\n');
  }
  [[nodiscard]] bool is_boundary(std::size_t at) const {
    const bool before = at > 0 && is_word_byte(name_[at - 1]);
    return before != (!ends_at(at) && is_word_byte(name_[at]));
  }

  // Follows the instructions from `first` that take no byte, and adds those that take one to the next states. Returns
  // true if it gets to `match`.
  bool reach(std::size_t first, std::size_t at) {
    pending_.assign(1, first);
    while (!pending_.empty() && steps_left_ > 0) {
      const auto index = pending_.back();
      pending_.pop_back();
      take(1);
      if (reached_at_[index] == at) continue;
      reached_at_[index] = at;
      const auto& instruction = program_[index];
      const auto go_on_if = [&](bool passed, int distance = 1) {
        if (passed) pending_.push_back(index + static_cast<std::size_t>(distance));
      };
      switch (instruction.what) {
        case What::byte: open_.push_back(index); break;
        case What::either:
          go_on_if(true, instruction.one);
          go_on_if(true, instruction.other);
          break;
        case What::begin: go_on_if(at == 0); break;
        case What::end: go_on_if(line_ends_at(at)); break;
        case What::very_end: go_on_if(ends_at(at)); break;
        case What::boundary: go_on_if(is_boundary(at)); break;
        case What::no_boundary: go_on_if(!is_boundary(at)); break;
        case What::ahead:
          go_on_if(Walk{program_, name_, steps_left_}.finds(index + 1, at, false), instruction.one);
          break;
        case What::not_ahead:
          go_on_if(!Walk{program_, name_, steps_left_}.finds(index + 1, at, false), instruction.one);
          break;
        case What::match: return true;
      }
    }
    return false;
  }

  const PatternProgram& program_;
  const std::string_view name_;
  std::size_t& steps_left_;
  std::vector<std::size_t> open_;  // instructions that test the next byte
  std::vector<std::size_t> taken_;
  std::vector<std::size_t> pending_;
  std::vector<std::size_t> reached_at_;  // by instruction, the last position at which it was visited
};

}  // namespace

bool Pattern::found_in(std::string_view name, Budget* budget) const {
  auto left = search_steps_max;
  const bool found = Walk{program_, name, left}.finds(0, 0, true);
  if (budget != nullptr) budget->use((search_steps_max - left) / steps::pattern_instructions_a_step);
  return found && left > 0;
}

}  // namespace pocketmq::broker
