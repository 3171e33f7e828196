// What a pattern is compiled to: a program for a non-deterministic automaton.
#pragma once

#include <bitset>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pocketmq::broker {

/// A malformed or unsupported pattern: what is wrong and at which byte, "missing ')' at byte 3".
class PatternError final : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// Targets are distances from the instruction itself, so that a piece of program can be copied to any position.
struct PatternInstruction {
  enum class Opcode : std::uint8_t {
    byte,                 // takes one byte that is in `bytes`
    split,                // continues at `next` and at `alternative`
    begin,                // true at the name's start
    end,                  // true at the name's end, and before a line feed that is its last byte
    very_end,             // true at the name's end
    boundary,             // true where a word begins or ends
    no_boundary,          // true everywhere else
    look_ahead,           // true if what follows matches here, up to its own `match`; continues at `next`
    negative_look_ahead,  // true if it does not match; continues at `next`
    match
  };

  Opcode opcode{Opcode::match};
  int next{1};
  int alternative{1};
  std::bitset<256> bytes{};
};

using PatternProgram = std::vector<PatternInstruction>;

/// Longer programs are refused.
inline constexpr std::size_t pattern_instructions_max = 4'000;

/// Compiles PCRE's syntax, byte by byte: literals, `.`, classes, groups, `|`, `* + ? {m,n}` and their lazy forms, `^ $
/// \A \z \Z \b \B`, `\d \w \s` and their opposites, look-ahead, and `(?i)` at the start. Throws PatternError for
/// malformed patterns and for the rest of PCRE: back-references, look-behind, atomic groups, named groups, Unicode.
[[nodiscard]] PatternProgram compile_pattern(std::string_view text);

/// Whether `byte` is an ASCII letter, an ASCII digit or the underscore.
[[nodiscard]] bool is_word_byte(char byte);

}  // namespace pocketmq::broker
