// What RabbitMQ holds names to: they are UTF-8, and have no line ends.
#pragma once

#include <list>
#include <string>

#include "protocol/method.hpp"

namespace pocketmq::broker {

/// Throws ConnectionError if one of the method's names is not UTF-8. Those of a publish may be anything, as all that
/// they have to do is to match.
void require_utf8_names(const protocol::Method& method);

/// Takes the line ends out of the names of what is declared, bound, unbound and deleted. The new names are added to
/// `storage`, which has to live as long as the method.
void remove_line_ends(protocol::Method& method, std::list<std::string>& storage);

}  // namespace pocketmq::broker
