// Whether a broker has room for one more queue, exchange or binding.
#pragma once

#include <string_view>

#include "broker/core/context.hpp"
#include "protocol/vocabulary/field_table.hpp"

namespace pocketmq::broker {

/// Throws ChannelError 406 that tells which limit keeps one more from being made, and what to do: the quota's, that of
/// the arguments, or the memory's. `what` is how texts name what cannot be done, `kind` what the quota counts:
/// "declare queue 'q'", "queue".
void require_room(Context& context, const Quota& quota, std::string_view what, std::string_view kind,
                  protocol::FieldTable arguments);

}  // namespace pocketmq::broker
