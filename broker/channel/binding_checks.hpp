// Checks that bind and unbind have in common, for queues and for exchanges.
#pragma once

#include <algorithm>
#include <string_view>

#include "broker/core/budget.hpp"
#include "broker/core/errors.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// Throws ChannelError 403 if `exchange` is the default exchange.
inline void refuse_default_exchange(std::string_view exchange) {
  if (exchange.empty())
    throw ChannelError{ReplyCode::access_refused, "operation not permitted on the default exchange"};
}

/// Throws Unfinished if the arguments are long and too little is left of the slice. The command is then carried out
/// again in another slice. When a turn's budget is used up, each connection still gets a short slice. Without this
/// check a turn could become longer with each connection that sends such a command.
inline void await_slice_for(protocol::FieldTable arguments, const Budget& budget) {
  constexpr std::size_t few = 1'000, many = 10'000;
  const auto steps = steps::for_sorting(arguments.encoded().size());
  if (steps > few && budget.left() < static_cast<std::int64_t>(std::min(steps, many))) throw Unfinished{};
}

}  // namespace pocketmq::broker
