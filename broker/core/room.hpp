// Checks whether a queue, exchange or binding may be added to the broker.
#pragma once

#include <string_view>

#include "broker/core/context.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// Throws ChannelError 406 if a limit is reached: the quota's, that of the arguments, or the memory's. The text names
/// the limit and says what to do. `what` is what cannot be done ("declare queue 'q'"), `kind` what the quota counts
/// ("queue").
void require_room(Context& context, const Quota& quota, std::string_view what, std::string_view kind,
                  protocol::FieldTable arguments);

}  // namespace pocketmq::broker
