// Looking up entries of the ledger's maps.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace pocketmq::broker {

/// The value at that key; null if there is none.
template <class Map, class Key> auto* find_in(Map& map, const Key& key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

/// The value at that key, which is made if there is none. Looking makes no string.
template <class T> T& entry_of(std::map<std::string, T, std::less<>>& map, std::string_view key) {
  const auto found = map.find(key);
  return found == map.end() ? map[std::string{key}] : found->second;
}

}  // namespace pocketmq::broker
