// Drops messages that no client will get: those that were purged, that were in a deleted queue, or that belong to a
// transaction that was rolled back. A few are freed at once, very many over several turns. Until they are freed they
// count as memory in use.
#pragma once

#include <optional>
#include <string>

#include "broker/events/reasons.hpp"
#include "broker/message/message.hpp"
#include "protocol/base/move_only_function.hpp"

namespace pocketmq::broker {

class Budget;
class Context;

/// Returns one of the messages at each call. Returns nothing when there are no more or when the budget is used up. If
/// it frees other objects, it charges them to the budget.
using DroppedMessages = protocol::MoveOnlyFunction<std::optional<Message>(Budget& budget)>;

/// What the journal's message.dropped says about each of the messages. `queue` is empty if they are in no queue.
struct DropReason {
  std::string vhost{};
  std::string queue{};
  event::Stage stage{};
  event::Dropped reason{};
};

/// Drops all messages. `context` must outlive them.
void drop(Context& context, DropReason why, DroppedMessages messages);

}  // namespace pocketmq::broker
