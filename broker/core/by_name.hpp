// A hash map by name that is asked with a view of one. Clients choose the names.
#pragma once

#include <string>
#include <string_view>

#include "broker/core/gradual_table.hpp"
#include "protocol/base/text_hash.hpp"

namespace pocketmq::broker {

/// With `Name` std::string_view the names are kept elsewhere.
template <class T, class Name = std::string> using ByName = GradualMap<Name, T, protocol::TextHash>;

}  // namespace pocketmq::broker
