// An event as one line for people, for the broker's trace.
#pragma once

#include <string>
#include <string_view>

#include "broker/events/event.hpp"

namespace pocketmq::broker {

/// "message.requeued message=3 queue=q reason=connection_lost": the kind, and those of its fields that are not 0, false
/// or empty. The virtual host is left out if it is "/", and `route_count` always. `client` is the name of the client
/// whose connection the event is about; unless it is empty, it is shown instead of the connection's number. Control
/// characters are escaped, and secrets are `***`. There is no line end.
[[nodiscard]] std::string event_text(const Entry& entry, std::string_view client);

}  // namespace pocketmq::broker
