// A hash map by name that is asked with a view of one.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "broker/core/gradual_table.hpp"

namespace pocketmq::broker {

template <class T> using ByName = GradualMap<std::string, T, std::hash<std::string_view>>;

}  // namespace pocketmq::broker
