// What bind and unbind of queues and of exchanges check alike.
#pragma once

#include <algorithm>
#include <string_view>

#include "broker/core/budget.hpp"
#include "broker/core/errors.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// ChannelError 403 if it is the default exchange.
inline void refuse_default_exchange(std::string_view exchange) {
  if (exchange.empty())
    throw ChannelError{ReplyCode::access_refused, "operation not permitted on the default exchange"};
}

/// Long arguments take more than the short slice that each connection has once a turn's budget is used up. They wait
/// for a longer slice, so that a turn is not as long as there are connections with such commands. Throws Unfinished.
inline void await_slice_for(protocol::FieldTable arguments, const Budget& budget) {
  constexpr std::size_t few = 1'000, many = 10'000;
  const auto steps = steps::for_sorting(arguments.encoded().size());
  if (steps > few && budget.left() < static_cast<std::int64_t>(std::min(steps, many))) throw Unfinished{};
}

}  // namespace pocketmq::broker
