#include "broker/access/pattern.hpp"

#include <algorithm>
#include <limits>
#include <vector>

namespace pocketmq::broker {
namespace {

using Opcode = PatternInstruction::Opcode;

constexpr std::size_t search_steps_max = 200'000;  // a millisecond

// One search through a name. It follows all alternatives of the pattern at the same time, as Thompson's simulation of a
// non-deterministic automaton does: the set of states is computed for each byte of the name.
class Matcher {
 public:
  /// Subtracts each instruction from `steps_left`. At 0 the search ends without a match.
  Matcher(const PatternProgram& program, std::string_view name, std::size_t& steps_left)
      : program_{program}, name_{name}, steps_left_{steps_left}, visited_at_(program.size(), never) {
    count_steps(program.size() / 16 + 1);
  }

  /// Whether the program, begun at instruction `first`, matches from byte `at` of the name on; with `anywhere`, from
  /// that byte or a later one.
  bool finds(std::size_t first, std::size_t at, bool anywhere) {
    if (add_states(first, at)) return true;
    for (; at < name_.size() && (anywhere || !next_states_.empty()) && steps_left_ > 0; ++at) {
      std::swap(next_states_, states_);
      next_states_.clear();
      count_steps(states_.size());
      for (const auto index : states_)
        if (program_[index].bytes[byte_at(at)] && add_states(index + 1, at + 1)) return true;
      if (anywhere && add_states(first, at + 1)) return true;
    }
    return false;
  }

 private:
  static constexpr auto never = std::numeric_limits<std::size_t>::max();

  void count_steps(std::size_t steps) { steps_left_ -= std::min(steps, steps_left_); }
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
  bool add_states(std::size_t first, std::size_t at) {
    pending_.assign(1, first);
    while (!pending_.empty() && steps_left_ > 0) {
      const auto index = pending_.back();
      pending_.pop_back();
      count_steps(1);
      if (visited_at_[index] == at) continue;
      visited_at_[index] = at;
      const auto& instruction = program_[index];
      const auto continue_if = [&](bool passed, int distance = 1) {
        if (passed) pending_.push_back(index + static_cast<std::size_t>(distance));
      };
      switch (instruction.opcode) {
        case Opcode::byte: next_states_.push_back(index); break;
        case Opcode::split:
          continue_if(true, instruction.next);
          continue_if(true, instruction.alternative);
          break;
        case Opcode::begin: continue_if(at == 0); break;
        case Opcode::end: continue_if(line_ends_at(at)); break;
        case Opcode::very_end: continue_if(ends_at(at)); break;
        case Opcode::boundary: continue_if(is_boundary(at)); break;
        case Opcode::no_boundary: continue_if(!is_boundary(at)); break;
        case Opcode::look_ahead:
          continue_if(Matcher{program_, name_, steps_left_}.finds(index + 1, at, false), instruction.next);
          break;
        case Opcode::negative_look_ahead:
          continue_if(!Matcher{program_, name_, steps_left_}.finds(index + 1, at, false), instruction.next);
          break;
        case Opcode::match: return true;
      }
    }
    return false;
  }

  const PatternProgram& program_;
  const std::string_view name_;
  std::size_t& steps_left_;
  std::vector<std::size_t> next_states_;  // instructions that test the next byte
  std::vector<std::size_t> states_;
  std::vector<std::size_t> pending_;
  std::vector<std::size_t> visited_at_;  // by instruction, the last position at which it was visited
};

}  // namespace

bool Pattern::found_in(std::string_view name, Budget* budget) const {
  auto left = search_steps_max;
  const bool found = Matcher{program_, name, left}.finds(0, 0, true);
  if (budget != nullptr) budget->use((search_steps_max - left) / steps::pattern_instructions_a_step);
  return found && left > 0;
}

}  // namespace pocketmq::broker
