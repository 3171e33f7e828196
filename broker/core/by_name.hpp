// A hash map by name that is asked with a view of one.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace pocketmq::broker {

struct HashOfName : std::hash<std::string_view> {
  using is_transparent = void;
};

template <class T> using ByName = std::unordered_map<std::string, T, HashOfName, std::equal_to<>>;

}  // namespace pocketmq::broker
