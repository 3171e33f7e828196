#include "broker/redeclaration.hpp"

#include <array>
#include <charconv>

#include "broker/errors.hpp"

namespace pocketmq::broker {
namespace {

using protocol::FieldValue;

[[noreturn]] void refuse(std::string_view what, std::string_view field, const std::string& received,
                         const std::string& current) {
  throw ChannelError{ReplyCode::precondition_failed, "inequivalent arg " + quoted(field) + " for " + std::string{what}
                                                         + ": received " + received + " but current is " + current};
}

bool is_text(const FieldValue& value) { return value.type == 'S' || value.type == 'x'; }

bool are_equal(const FieldValue& a, const FieldValue& b) {
  if (a.integer() && b.integer()) return a.integer() == b.integer();
  if (is_text(a) && is_text(b)) return a.bytes == b.bytes;
  return a == b;
}

// How Erlang shows a real: the shortest that reads back, and never without a point.
std::string shown_real(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  std::string shown{text.data(), end};
  return shown.find_first_of(".en") == std::string::npos ? shown + ".0" : shown;
}

std::string described(const std::optional<FieldValue>& value) {
  if (!value) return "none";
  return "the value " + shown(*value) + " of type " + quoted(type_name(value->type));
}

}  // namespace

void require_equal_field(std::string_view what, std::string_view field, std::string_view received,
                         std::string_view current) {
  if (received != current) refuse(what, field, quoted(received), quoted(current));
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

std::string quoted(std::string_view text) { return "'" + std::string{text} + "'"; }

std::string shown(const FieldValue& value) {
  if (is_text(value)) return quoted(value.bytes);
  if (const auto number = value.integer()) return quoted(std::to_string(*number));
  if (const auto truth = value.boolean()) return quoted(*truth ? "true" : "false");
  if (const auto real = value.real()) return quoted(shown_real(*real));
  return "a " + std::string{type_name(value.type)};
}

}  // namespace pocketmq::broker
