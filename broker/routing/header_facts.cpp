#include "broker/routing/header_facts.hpp"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "protocol/base/text_hash.hpp"

namespace pocketmq::broker {
namespace {

using protocol::Field;
using protocol::FieldValue;

constexpr std::size_t number_max_bytes = 20;
constexpr std::size_t slots_min = 16;

void append_number(std::string& to, auto number) {
  std::array<char, number_max_bytes> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  to.append("n").append(digits.data(), end);
}

// A real number without a fraction gives the same fact as the integer.
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

void HeaderFacts::begin(protocol::FieldTable headers) {
  left_ = headers.fields();
  text_.clear();
  facts_.clear();
  slots_.assign(slots_min, no_fact);
}

bool HeaderFacts::read_on(Budget& budget) {
  while (!budget.is_used_up()) {
    const auto header = left_.next();
    if (!header) return true;
    budget.use(steps::for_a_header + steps::for_reading(header->value.bytes.size()));
    const auto presence = text_.size();
    append_fact_of_presence(text_, header->name);
    if (!add_from(presence)) continue;
    const auto value = text_.size();
    append_fact_of_value(text_, *header);
    add_from(value);
  }
  return false;
}

bool HeaderFacts::add_from(std::size_t begin) {
  if (2 * (facts_.size() + 1) > slots_.size()) grow_slots();
  const auto fact = std::string_view{text_}.substr(begin);
  const auto slot = static_cast<std::size_t>(find_slot(fact) - slots_.data());
  if (slots_[slot] != no_fact) {
    text_.resize(begin);
    return false;
  }
  slots_[slot] = static_cast<std::uint32_t>(facts_.size());
  facts_.push_back({begin, fact.size()});
  return true;
}

// The slot that contains the fact or could take it: from the slot of its hash on, the first that is free or contains
// it.
const std::uint32_t* HeaderFacts::find_slot(std::string_view fact) const {
  const auto last = slots_.size() - 1;
  auto slot = protocol::TextHash{}(fact)&last;
  while (slots_[slot] != no_fact && (*this)[slots_[slot]] != fact) slot = (slot + 1) & last;
  return &slots_[slot];
}

void HeaderFacts::grow_slots() {
  slots_.assign(4 * slots_.size(), no_fact);
  for (std::uint32_t i = 0; i < facts_.size(); ++i)
    slots_[static_cast<std::size_t>(find_slot((*this)[i]) - slots_.data())] = i;
}

}  // namespace pocketmq::broker
