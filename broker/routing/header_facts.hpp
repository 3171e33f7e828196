// Headers as facts, which are texts that can be looked up: "there is a header 'a'", "the header 'a' is 1". A binding's
// arguments are compiled to facts, and so are a message's headers.
//
// Two values give the same fact if RabbitMQ takes them for equal. RabbitMQ does not compare types: 1 is equal in all
// integer sizes and to 1.0, and a text is equal as `S` and as `x`. Tables and arrays are compared byte for byte.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/budget.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// The fact that a header of that name exists.
[[nodiscard]] std::string fact_of_presence(std::string_view name);
/// The fact that the header has that value.
[[nodiscard]] std::string fact_of_value(const protocol::Field& header);

/// The facts of a message: the presence and the value of each header. Of headers with the same name only the first
/// counts.
class HeaderFacts {
 public:
  /// Removes all facts and begins with new headers, which must stay valid until `read_on` returns true.
  void begin(protocol::FieldTable headers);
  /// Reads as many headers as the budget allows. Returns whether all have been read.
  bool read_on(Budget& budget);

  [[nodiscard]] bool contain(std::string_view fact) const { return *find_slot(fact) != no_fact; }
  [[nodiscard]] std::size_t size() const { return facts_.size(); }
  /// Valid until the next `begin` or `read_on`.
  [[nodiscard]] std::string_view operator[](std::size_t index) const {
    const auto& [begin, size] = facts_[index];
    return std::string_view{text_}.substr(begin, size);
  }

 private:
  static constexpr auto no_fact = static_cast<std::uint32_t>(-1);

  struct Span {
    std::size_t begin;
    std::size_t size;
  };

  // Adds the fact that was written to `text_` from `begin` on. Removes it again, and returns false, if it is known
  // already.
  bool add_from(std::size_t begin);
  [[nodiscard]] const std::uint32_t* find_slot(std::string_view fact) const;
  void grow_slots();

  protocol::FieldReader left_{{}, protocol::FieldReader::Of::table};
  std::string text_;  // the texts of all facts
  std::vector<Span> facts_;
  std::vector<std::uint32_t> slots_{no_fact};  // hash table of indexes into facts_; its size is a power of two
};

}  // namespace pocketmq::broker
