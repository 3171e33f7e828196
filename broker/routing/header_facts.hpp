// What headers say, as text that can be looked up: "there is a header 'a'", "the header 'a' is 1". A binding's
// arguments ask for facts, and a message's headers are facts.
//
// Two values give the same fact where RabbitMQ takes them for equal: it does not compare types, so 1 is 1 in any number
// of bytes and also as 1.0, and a text is the same as `S` and as `x`. Tables and arrays are equal byte for byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/budget.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// The fact that there is a header of that name.
[[nodiscard]] std::string fact_of_presence(std::string_view name);
/// The fact that the header has that value.
[[nodiscard]] std::string fact_of_value(const protocol::Field& header);

/// A message's facts: each header's presence and value. Of headers with the same name only the first counts.
class HeaderFacts {
 public:
  /// Forgets the old facts. Those of these headers, which stay where they are, come with `read_on`.
  void begin(protocol::FieldTable headers);
  /// Reads as many headers as the budget allows. Returns whether these were the last.
  bool read_on(Budget& budget);

  [[nodiscard]] bool contain(std::string_view fact) const { return *find_slot(fact) != no_fact; }
  [[nodiscard]] std::size_t size() const { return facts_.size(); }
  /// Valid until the next of the two above.
  [[nodiscard]] std::string_view operator[](std::size_t index) const {
    const auto& [begin, size] = facts_[index];
    return std::string_view{text_}.substr(begin, size);
  }

 private:
  static constexpr auto no_fact = static_cast<std::uint32_t>(-1);

  struct Place {
    std::size_t begin;
    std::size_t size;
  };

  // Whether it was new. The fact stands at the end of the text, from there on.
  bool keep_from(std::size_t begin);
  [[nodiscard]] const std::uint32_t* find_slot(std::string_view fact) const;
  void make_room();

  protocol::FieldReader left_{{}, protocol::FieldReader::Of::table};
  std::string text_;  // of all facts
  std::vector<Place> facts_;
  std::vector<std::uint32_t> slots_{no_fact};  // a power of two of them, hashed: which fact stands there
};

}  // namespace pocketmq::broker
