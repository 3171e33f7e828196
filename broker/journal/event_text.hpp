// An event as one line for people, for the broker's trace.
#pragma once

#include <string>
#include <string_view>

#include "broker/events/event.hpp"

namespace pocketmq::broker {

/// "message.requeued message=3 queue=q reason=connection_lost": the kind and those of its fields that are not 0, false
/// or empty, without the virtual host if that is "/". `client` is the name of the client whose connection the event is
/// about; it takes the place of the connection's number unless it is empty. Control characters are escaped, secrets are
/// `***`. Without a line end.
[[nodiscard]] std::string event_text(const Entry& entry, std::string_view client);

}  // namespace pocketmq::broker
