// Messages that nobody will have any more: purged, of a queue that was deleted, or of a transaction that was rolled
// back. A few are freed at once, very many a slice a turn. Until they are freed they count as memory in use.
#pragma once

#include <optional>

#include "broker/message/message.hpp"
#include "protocol/base/move_only_function.hpp"

namespace pocketmq::broker {

class Budget;
class Context;

/// Gives up one of the messages at each call, and nothing when there are no more or the budget is used up. What else it
/// lets go of draws on that.
using DroppedMessages = protocol::MoveOnlyFunction<std::optional<Message>(Budget& budget)>;

/// Drops all of them. `context` outlives them.
void drop(Context& context, DroppedMessages messages);

}  // namespace pocketmq::broker
