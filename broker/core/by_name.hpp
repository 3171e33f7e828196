// A hash map by name. It is searched by a view of a name. Its hash has a secret key, since clients choose the names.
#pragma once

#include <string>
#include <string_view>

#include "broker/core/gradual_table.hpp"
#include "protocol/base/text_hash.hpp"

namespace pocketmq::broker {

/// With `Name` = std::string_view, the map refers to names that the elements own.
template <class T, class Name = std::string> using ByName = GradualMap<Name, T, protocol::TextHash>;

}  // namespace pocketmq::broker
