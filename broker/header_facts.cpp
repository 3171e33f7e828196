#include "broker/header_facts.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

namespace pocketmq::broker {
namespace {

using protocol::Field;
using protocol::FieldValue;

constexpr std::size_t number_max_bytes = 20;

void append_number(std::string& to, auto number) {
  std::array<char, number_max_bytes> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  to.append("n").append(digits.data(), end);
}

// A real number that an integer could be is that integer.
void append_real(std::string& to, double number) {
  constexpr double two_to_63 = 0x1p63, two_to_64 = 0x1p64;
  if (std::trunc(number) == number && number >= -two_to_63 && number < two_to_64) {
    if (number < 0) return append_number(to, static_cast<std::int64_t>(number));
    return append_number(to, static_cast<std::uint64_t>(number));
  }
  std::array<char, sizeof number> bits;
  std::memcpy(bits.data(), &number, sizeof number);
  to.append("r").append(bits.data(), bits.size());
}

void append_value(std::string& to, const FieldValue& value) {
  if (const auto integer = value.integer()) return append_number(to, *integer);
  if (const auto timestamp = value.timestamp()) return append_number(to, *timestamp);
  if (const auto real = value.real()) return append_real(to, *real);
  const bool is_text = value.type == 'S' || value.type == 'x';
  to += is_text ? 'S' : value.type;
  to += value.bytes;
}

void append_fact_of_presence(std::string& to, std::string_view name) { to.append("?").append(name); }

void append_fact_of_value(std::string& to, const Field& header) {
  to += '=';
  to += static_cast<char>(header.name.size());
  to += header.name;
  append_value(to, header.value);
}

std::size_t facts_max_bytes(const Field& header) {
  return 2 * (header.name.size() + 2) + 1 + std::max(header.value.bytes.size(), number_max_bytes);
}

}  // namespace

std::string fact_of_presence(std::string_view name) {
  std::string fact;
  append_fact_of_presence(fact, name);
  return fact;
}

std::string fact_of_value(const Field& header) {
  std::string fact;
  append_fact_of_value(fact, header);
  return fact;
}

void HeaderFacts::read(protocol::FieldTable headers) {
  headers_.clear();
  facts_.clear();
  text_.clear();
  std::size_t size_max = 0;
  for (auto reader = headers.fields(); const auto header = reader.next();) {
    headers_.push_back(*header);
    size_max += facts_max_bytes(*header);
  }
  text_.reserve(size_max);  // from here on it stays where it is
  const auto keep = [&](const auto& append, const auto& of) {
    const auto begin = text_.size();
    append(text_, of);
    facts_.push_back(std::string_view{text_}.substr(begin));
  };

  // By name, and where names are the same, in the order in which they came.
  std::ranges::sort(headers_, [](const Field& a, const Field& b) {
    return a.name != b.name ? a.name < b.name : a.name.data() < b.name.data();
  });
  const Field* last = nullptr;
  for (const auto& header : headers_) {
    if (last != nullptr && last->name == header.name) continue;
    last = &header;
    keep(append_fact_of_presence, header.name);
    keep(append_fact_of_value, header);
  }
  std::ranges::sort(facts_);
}

bool HeaderFacts::contain(std::string_view fact) const { return std::ranges::binary_search(facts_, fact); }

}  // namespace pocketmq::broker
