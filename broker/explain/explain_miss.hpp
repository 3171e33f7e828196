// Why a binding does not match a message, and by how much it misses it.
#pragma once

#include <compare>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "broker/core/budget.hpp"
#include "broker/queue/binding.hpp"
#include "broker/routing/header_facts.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// A distance is compared by what its exchange type compares first: a topic exchange words, a headers exchange headers,
/// all others letters. `letters` decides between equal ones.
struct Distance {
  std::size_t first{0};
  std::size_t letters{0};

  friend auto operator<=>(const Distance&, const Distance&) = default;
};

struct Miss {
  Distance distance{};
  std::string why{};  // "word 1 is 'orders', not 'order'"
};

/// For a topic exchange. `distance.first` is 0 exactly if the pattern matches.
[[nodiscard]] Miss topic_miss(std::string_view key, std::string_view pattern, Budget& budget);
/// For a direct exchange, and for names of queues on the default exchange.
[[nodiscard]] Miss name_miss(std::string_view key, std::string_view wanted, Budget& budget);
/// For a headers exchange. `facts` are those of `headers`, the message's.
[[nodiscard]] Miss headers_miss(protocol::FieldTable headers, const HeaderFacts& facts, protocol::FieldTable arguments,
                                Budget& budget);

}  // namespace pocketmq::broker
