#include "broker/core/redeclaration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "broker/core/errors.hpp"

namespace pocketmq::broker {
namespace {

using protocol::FieldReader;
using protocol::FieldValue;

[[noreturn]] void refuse(std::string_view what, std::string_view field, const std::string& received,
                         const std::string& current) {
  throw ChannelError{ReplyCode::precondition_failed, "inequivalent arg " + in_single_quotes(field) + " for "
                                                         + std::string{what} + ": received " + received
                                                         + " but current is " + current};
}

bool is_text(const FieldValue& value) { return value.type == 'S' || value.type == 'x'; }
bool has_parts(const FieldValue& value) { return value.type == 'A' || value.type == 'F'; }

// The digits of an integer or a timestamp.
std::optional<std::string> whole_number(const FieldValue& value) {
  if (const auto number = value.integer()) return std::to_string(*number);
  if (const auto time = value.timestamp()) return std::to_string(*time);
  return std::nullopt;
}

FieldReader parts_of(const FieldValue& value) {
  return {value.bytes, value.type == 'A' ? FieldReader::Of::array : FieldReader::Of::table};
}

bool are_equal(const FieldValue& a, const FieldValue& b);

// Inside an array or a table the types are compared, too.
bool have_equal_parts(const FieldValue& a, const FieldValue& b) {
  auto of_a = parts_of(a), of_b = parts_of(b);
  for (;;) {
    const auto one = of_a.next(), other = of_b.next();
    if (!one || !other) return !one && !other;
    if (one->name != other->name || type_name(one->value.type) != type_name(other->value.type)) return false;
    if (!are_equal(one->value, other->value)) return false;
  }
}

// As on RabbitMQ, an array without elements equals a table without fields.
bool are_equal(const FieldValue& a, const FieldValue& b) {
  if (const auto number = whole_number(a)) return number == whole_number(b);
  if (a.real() && b.real()) return *a.real() == *b.real();
  if (is_text(a) && is_text(b)) return a.bytes == b.bytes;
  if (a.boolean() && b.boolean()) return *a.boolean() == *b.boolean();
  if (!has_parts(a) || !has_parts(b)) return a == b;
  return a.type == b.type ? have_equal_parts(a, b) : a.bytes.empty() && b.bytes.empty();
}

// Writes a real number as Erlang does: in digits or with an exponent, whichever is shorter, and always with a decimal
// point. From 2^53 on it always has an exponent.
std::string shown_real(double value) {
  const auto text_in = [&](std::chars_format format) {
    std::array<char, 400> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value, format).ptr;
    return std::string{text.data(), end};
  };
  constexpr double first_inexact = 9'007'199'254'740'992;
  auto scientific = text_in(std::chars_format::scientific);  // "1e+22"
  const auto at_e = scientific.find('e');
  if (at_e == std::string::npos) return scientific;
  const bool is_small = scientific[at_e + 1] == '-';
  const auto first_digit = std::min(scientific.find_first_not_of("+-0", at_e + 1), scientific.size() - 1);
  scientific.replace(at_e + 1, first_digit - at_e - 1, is_small ? "-" : "");
  if (scientific.find('.') == std::string::npos) scientific.insert(at_e, ".0");
  if (std::abs(value) >= first_inexact) return scientific;
  auto digits = text_in(std::chars_format::fixed);
  if (digits.find('.') == std::string::npos) digits += ".0";
  return digits.size() <= scientific.size() ? digits : scientific;
}

std::string described(const std::optional<FieldValue>& value) {
  if (!value) return "none";
  const auto plain = shown_plainly(*value);
  return "the value " + (plain ? in_single_quotes(*plain) : shown(*value)) + " of type "
         + in_single_quotes(type_name(value->type));
}

}  // namespace

void require_equal_field(std::string_view what, std::string_view field, std::string_view received,
                         std::string_view current) {
  if (received != current) refuse(what, field, in_single_quotes(received), in_single_quotes(current));
}

void require_equal_flag(std::string_view what, std::string_view field, bool received, bool current) {
  const auto text = [](bool value) { return value ? "true" : "false"; };
  require_equal_field(what, field, text(received), text(current));
}

void require_equal_argument(std::string_view what, std::string_view argument, protocol::FieldTable received,
                            protocol::FieldTable current) {
  const auto now = received.find(argument), before = current.find(argument);
  if (!now && !before) return;
  if (!now || !before) refuse(what, argument, described(now), described(before));
  if (!are_equal(*now, *before)) refuse(what, argument, shown(*now), shown(*before));
}

std::string_view type_name(char type) {
  switch (type) {
    case 't': return "bool";
    case 'b': return "byte";
    case 'B': return "unsignedbyte";
    case 's': return "short";
    case 'u': return "unsignedshort";
    case 'I': return "signedint";
    case 'i': return "unsignedint";
    case 'l':
    case 'L': return "long";
    case 'f': return "float";
    case 'd': return "double";
    case 'D': return "decimal";
    case 'S': return "longstr";
    case 'x': return "binary";
    case 'A': return "array";
    case 'T': return "timestamp";
    case 'F': return "table";
    default: return "void";
  }
}

std::string in_single_quotes(std::string_view text) { return "'" + std::string{text} + "'"; }

std::optional<std::string> shown_plainly(const FieldValue& value) {
  if (auto number = whole_number(value)) return number;
  if (const auto truth = value.boolean()) return *truth ? "true" : "false";
  if (const auto real = value.real()) return shown_real(*real);
  if (value.type == 'V') return "undefined";
  return std::nullopt;
}

std::string shown(const FieldValue& value) {
  if (is_text(value)) return in_single_quotes(value.bytes);
  if (value.type == 'V') return "none";
  if (const auto plain = shown_plainly(value)) return in_single_quotes(*plain);
  return (value.type == 'A' ? "an " : "a ") + std::string{type_name(value.type)};
}

}  // namespace pocketmq::broker
