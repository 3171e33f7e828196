#include "broker/access/pattern_program.hpp"

#include <array>
#include <optional>
#include <utility>

namespace pocketmq::broker {
namespace {

using Bytes = std::bitset<256>;
using Program = PatternProgram;
using Opcode = PatternInstruction::Opcode;

constexpr int depth_max = 100;
constexpr int repeat_max = 1'000;

bool is_digit(char byte) { return byte >= '0' && byte <= '9'; }
bool is_lower(char byte) { return byte >= 'a' && byte <= 'z'; }
bool is_upper(char byte) { return byte >= 'A' && byte <= 'Z'; }
bool is_alpha(char byte) { return is_lower(byte) || is_upper(byte); }
bool is_alnum(char byte) { return is_alpha(byte) || is_digit(byte); }
bool is_blank(char byte) { return byte == ' ' || byte == '\t'; }
bool is_space(char byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }
bool is_graph(char byte) { return byte > ' ' && byte < '\x7f'; }
bool is_punct(char byte) { return is_graph(byte) && !is_alnum(byte); }
bool is_xdigit(char byte) { return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F'); }

std::size_t index_of(char byte) { return static_cast<unsigned char>(byte); }

Bytes all_that(bool (*is)(char)) {
  Bytes bytes;
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = is(static_cast<char>(i));
  return bytes;
}

// The class of bytes that an escape such as `\d` stands for.
std::optional<Bytes> class_of_escape(char letter) {
  switch (letter) {
    case 'd': return all_that(is_digit);
    case 'D': return ~all_that(is_digit);
    case 'w': return all_that(is_word_byte);
    case 'W': return ~all_that(is_word_byte);
    case 's': return all_that(is_space);
    case 'S': return ~all_that(is_space);
    default: return std::nullopt;
  }
}

struct NamedClass {
  std::string_view name;
  bool (*is)(char);
};
constexpr std::array named_classes{
    NamedClass{"alnum", is_alnum},    NamedClass{"alpha", is_alpha},   NamedClass{"blank", is_blank},
    NamedClass{"digit", is_digit},    NamedClass{"graph", is_graph},   NamedClass{"lower", is_lower},
    NamedClass{"punct", is_punct},    NamedClass{"space", is_space},   NamedClass{"upper", is_upper},
    NamedClass{"word", is_word_byte}, NamedClass{"xdigit", is_xdigit},
};

// ---- pieces of program

int length_of(const Program& piece) { return static_cast<int>(piece.size()); }

Program& append(Program& to, const Program& piece) {
  to.insert(to.end(), piece.begin(), piece.end());
  return to;
}

Program split(const Program& one, const Program& other) {
  Program piece{{.opcode = Opcode::split, .alternative = length_of(one) + 2}};
  append(piece, one)
      .push_back({.opcode = Opcode::split, .next = length_of(other) + 1, .alternative = length_of(other) + 1});
  return append(piece, other);
}

Program zero_or_more(const Program& piece) {
  Program loop{{.opcode = Opcode::split, .alternative = length_of(piece) + 2}};
  const int back = -(length_of(piece) + 1);
  append(loop, piece).push_back({.opcode = Opcode::split, .next = back, .alternative = back});
  return loop;
}

Program zero_or_one(const Program& piece) {
  Program optional{{.opcode = Opcode::split, .alternative = length_of(piece) + 1}};
  return append(optional, piece);
}

// ---- the syntax

class Compiler {
 public:
  explicit Compiler(std::string_view text) : text_{text} {}

  Program compile() {
    folds_case_ = skip("(?i)");
    auto program = alternatives();
    if (!at_end()) refuse("unmatched ')'");
    program.push_back({.opcode = Opcode::match});
    return program;
  }

 private:
  [[noreturn]] void refuse(const std::string& why) const {
    throw PatternError{why + " at byte " + std::to_string(at_)};
  }

  [[nodiscard]] bool at_end() const { return at_ == text_.size(); }
  [[nodiscard]] char peek() const { return at_end() ? '\0' : text_[at_]; }
  [[nodiscard]] std::string_view rest() const { return text_.substr(at_); }
  bool skip(std::string_view expected) {
    if (!rest().starts_with(expected)) return false;
    at_ += expected.size();
    return true;
  }

  void check_size(std::size_t instructions) const {
    if (instructions > pattern_instructions_max) refuse("the pattern is too large");
  }

  Program alternatives() {
    if (++depth_ > depth_max) refuse("groups are too deep inside each other");
    auto program = sequence();
    while (skip("|")) {
      program = split(program, sequence());
      check_size(program.size());
    }
    --depth_;
    return program;
  }

  Program sequence() {
    Program program;
    while (!at_end() && peek() != '|' && peek() != ')') {
      append(program, item());
      check_size(program.size());
    }
    return program;
  }

  Program item() {
    if (at_quantifier()) refuse("nothing to repeat");
    auto piece = assertion();
    if (piece.empty()) return repeated(atom());
    if (at_quantifier()) refuse("nothing to repeat");
    return piece;
  }

  // An assertion about the position, which takes no byte and cannot be repeated. Empty if there is none here.
  Program assertion() {
    static constexpr std::array<std::pair<std::string_view, Opcode>, 7> tests{{{"^", Opcode::begin},
                                                                               {"$", Opcode::end},
                                                                               {"\\A", Opcode::begin},
                                                                               {"\\Z", Opcode::end},
                                                                               {"\\z", Opcode::very_end},
                                                                               {"\\b", Opcode::boundary},
                                                                               {"\\B", Opcode::no_boundary}}};
    for (const auto& [written, opcode] : tests)
      if (skip(written)) return {{.opcode = opcode}};
    return {};
  }

  // ---- repetition

  struct Times {
    int min;
    std::optional<int> max;  // none: no upper bound
  };

  Program repeated(Program piece) {
    const auto times = quantifier();
    if (!times) return piece;
    // A lazy quantifier may find a different match, but it matches the same names as the greedy one.
    if (!skip("?") && peek() == '+') refuse("possessive quantifiers are not supported");
    if (at_quantifier()) refuse("nothing to repeat");
    check_size((piece.size() + 2) * static_cast<std::size_t>(times->max.value_or(times->min) + 1));
    Program program;
    for (int i = 0; i < times->min; ++i) append(program, piece);
    if (!times->max) return append(program, zero_or_more(piece));
    for (int i = times->min; i < *times->max; ++i) append(program, zero_or_one(piece));
    return program;
  }

  [[nodiscard]] bool at_quantifier() const {
    auto look_ahead = *this;
    return look_ahead.quantifier().has_value();
  }

  std::optional<Times> quantifier() {
    if (skip("*")) return Times{0, std::nullopt};
    if (skip("+")) return Times{1, std::nullopt};
    if (skip("?")) return Times{0, 1};
    // Braces that do not contain a valid repetition are literal.
    const auto begin = at_;
    if (!skip("{")) return std::nullopt;
    const auto min = number();
    auto max = min;
    if (min && skip(",")) max = number();
    const bool open_end = text_[at_ - 1] == ',';
    if (!min || (!max && !open_end) || !skip("}")) {
      at_ = begin;
      return std::nullopt;
    }
    if (*min > repeat_max || max.value_or(0) > repeat_max)
      refuse("more than " + std::to_string(repeat_max) + " repetitions");
    if (max && *max < *min) refuse("numbers out of order in {} quantifier");
    return Times{*min, max};
  }

  std::optional<int> number() {
    if (!is_digit(peek())) return std::nullopt;
    int value = 0;
    for (; is_digit(peek()); ++at_) value = std::min(10 * value + (peek() - '0'), repeat_max + 1);
    return value;
  }

  // ---- atoms

  Program atom() {
    const char byte = text_[at_++];
    switch (byte) {
      case '(': return group();
      case '[': return one_of(bracketed());
      case '.': return one_of(~Bytes{}.set(index_of('\n')));
      case '\\': return escape();
      default: return literal(byte);
    }
  }

  [[nodiscard]] static Program one_of(const Bytes& bytes) { return {{.opcode = Opcode::byte, .bytes = bytes}}; }
  [[nodiscard]] Program literal(char byte) const { return one_of(folded(Bytes{}.set(index_of(byte)))); }

  [[nodiscard]] Bytes folded(Bytes bytes) const {
    if (!folds_case_) return bytes;
    for (char lower = 'a'; lower <= 'z'; ++lower) {
      const auto small = index_of(lower), capital = index_of(lower) - index_of('a') + index_of('A');
      bytes[small] = bytes[capital] = bytes[small] || bytes[capital];
    }
    return bytes;
  }

  Program group() {
    const bool is_look_ahead = skip("?="), is_negative = !is_look_ahead && skip("?!");
    if (!is_look_ahead && !is_negative && !skip("?:") && (peek() == '?' || peek() == '*'))
      refuse("of the special groups only (?:...), (?=...), (?!...) and, at the beginning, (?i) are supported");
    const bool looks_ahead = is_look_ahead || is_negative;
    if (looks_ahead && std::exchange(looking_ahead_, true)) refuse("a look-ahead inside a look-ahead is not supported");
    auto inside = alternatives();
    if (!skip(")")) refuse("missing ')'");
    if (!looks_ahead) return inside;
    looking_ahead_ = false;
    Program piece{
        {.opcode = is_look_ahead ? Opcode::look_ahead : Opcode::negative_look_ahead, .next = length_of(inside) + 2}};
    append(piece, inside).push_back({.opcode = Opcode::match});
    return piece;
  }

  Program escape() {
    if (at_end()) refuse("a \\ at the end of the pattern");
    if (const auto bytes = class_of_escape(peek())) return ++at_, one_of(*bytes);
    return literal(escaped_byte());
  }

  char escaped_byte() {
    const char letter = text_[at_++];
    switch (letter) {
      case 't': return '\t';
      case 'n': return '\n';
      case 'r': return '\r';
      case 'f': return '\f';
      case 'e': return '\x1b';
      case 'a': return '\a';
      case 'x': return hexadecimal();
      default: break;
    }
    if (is_digit(letter)) refuse("back-references and octal numbers are not supported");
    if (is_alpha(letter)) refuse(std::string{"the escape \\"} + letter + " is not supported");
    return letter;
  }

  char hexadecimal() {
    int value = 0;
    for (int i = 0; i < 2; ++i, ++at_) {
      if (!is_xdigit(peek())) refuse("\\x wants two hexadecimal digits");
      value = 16 * value + (is_digit(peek()) ? peek() - '0' : (peek() | 0x20) - 'a' + 10);
    }
    return static_cast<char>(value);
  }

  // ---- classes

  Bytes bracketed() {
    const bool negated = skip("^");
    Bytes bytes;
    do {
      if (at_end()) refuse("missing ']'");
      add_to_class(bytes);
    } while (!skip("]"));
    bytes = folded(bytes);
    return negated ? ~bytes : bytes;
  }

  // Reads one item: a byte, a range of bytes, or a class. A ']' in first position is a literal byte.
  void add_to_class(Bytes& bytes) {
    if (add_class(bytes)) return;
    const char first = class_byte();
    if (peek() != '-' || rest().starts_with("-]")) {
      bytes.set(index_of(first));
      return;
    }
    ++at_;
    Bytes end;
    if (at_end()) refuse("missing ']'");
    if (add_class(end)) refuse("a range ends in a class");
    const char last = class_byte();
    if (index_of(last) < index_of(first)) refuse("range out of order in character class");
    for (auto i = index_of(first); i <= index_of(last); ++i) bytes.set(i);
  }

  bool add_class(Bytes& bytes) {
    if (skip("[:")) {
      const auto end = rest().find(":]");
      if (end == std::string_view::npos) refuse("missing ':]'");
      const bool negated = skip("^");
      for (const auto& [name, is] : named_classes) {
        if (!rest().starts_with(std::string{name} + ":]")) continue;
        at_ += name.size() + 2;
        bytes |= negated ? ~all_that(is) : all_that(is);
        return true;
      }
      refuse("unknown POSIX class name");
    }
    if (peek() != '\\' || rest().size() < 2) return false;
    const auto escaped = class_of_escape(text_[at_ + 1]);
    if (!escaped) return false;
    at_ += 2;
    bytes |= *escaped;
    return true;
  }

  char class_byte() {
    if (!skip("\\")) return text_[at_++];
    if (at_end()) refuse("missing ']'");
    return skip("b") ? '\b' : escaped_byte();
  }

  std::string_view text_;
  std::size_t at_{0};
  int depth_{0};
  bool folds_case_{false};
  bool looking_ahead_{false};
};

}  // namespace

bool is_word_byte(char byte) { return is_alnum(byte) || byte == '_'; }

PatternProgram compile_pattern(std::string_view text) { return Compiler{text}.compile(); }

}  // namespace pocketmq::broker
