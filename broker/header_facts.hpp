// What headers say, as text that can be looked up: "there is a header 'a'", "the header 'a' is 1". A binding's
// arguments ask for facts, and a message's headers are facts.
//
// Two values give the same fact where RabbitMQ takes them for equal: it does not compare types, so 1 is 1 in any number
// of bytes and also as 1.0, and a text is the same as `S` and as `x`. Tables and arrays are equal byte for byte.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "protocol/field_table.hpp"

namespace pocketmq::broker {

/// The fact that there is a header of that name.
[[nodiscard]] std::string fact_of_presence(std::string_view name);
/// The fact that the header has that value.
[[nodiscard]] std::string fact_of_value(const protocol::Field& header);

/// A message's facts: each header's presence and value. Of headers with the same name only the first counts.
class HeaderFacts {
 public:
  /// Forgets the old facts and takes those of these headers.
  void read(protocol::FieldTable headers);

  [[nodiscard]] bool contain(std::string_view fact) const;
  /// Valid until the next read.
  [[nodiscard]] auto begin() const { return facts_.begin(); }
  [[nodiscard]] auto end() const { return facts_.end(); }

 private:
  std::vector<protocol::Field> headers_;
  std::string text_;                     // of all facts
  std::vector<std::string_view> facts_;  // sorted
};

}  // namespace pocketmq::broker
