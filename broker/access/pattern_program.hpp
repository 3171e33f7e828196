// What a pattern is compiled to: a program for an automaton, with a few tests of the place on the way.
#pragma once

#include <bitset>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace pocketmq::broker {

/// What is wrong with a pattern, and where: "missing ')' at byte 3".
class PatternError final : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// Where an instruction leads is said as a distance from itself, so that a piece of program works in any place.
struct PatternInstruction {
  enum class What : std::uint8_t {
    byte,         // one of `bytes`, then the next
    either,       // on at `one` or at `other`
    begin,        // the name begins here; then the next
    end,          // it ends here, or before its last byte, a line feed
    very_end,     // it ends here
    boundary,     // a word begins or ends here
    no_boundary,  // none does
    ahead,        // what follows leads from here to its own `match`; then on at `one`
    not_ahead,    // it does not
    match
  };

  What what{What::match};
  int one{1};
  int other{1};
  std::bitset<256> bytes{};
};

using PatternProgram = std::vector<PatternInstruction>;

/// Programs longer than that are refused.
inline constexpr std::size_t pattern_instructions_max = 4'000;

/// Reads PCRE's syntax, byte by byte: literals, `.`, classes, groups, `|`, `* + ? {m,n}` and their lazy forms, `^ $ \A
/// \z \Z \b \B`, `\d \w \s` and their opposites, look-ahead, and `(?i)` at the beginning. Throws PatternError for what
/// is malformed, and for what else PCRE knows: back-references, look-behind, atomic groups, named groups, Unicode.
[[nodiscard]] PatternProgram compile_pattern(std::string_view text);

/// Letters, digits and the underscore, of ASCII.
[[nodiscard]] bool is_word_byte(char byte);

}  // namespace pocketmq::broker
