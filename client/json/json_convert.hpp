// From C++ values to JSON and back, more strictly than nlohmann's own conversions: no number is cut or rounded, no
// boolean is a number, and what does not fit is told by its place: "argument 1, element 3: expected ..., given ...".
//
// Standard containers and std::optional (null for nothing) are converted here, element by element, so that all of this
// holds inside them too. Any other type goes through nlohmann's to_json and from_json.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "client/values/rpc_error.hpp"

namespace pocketmq::client::rpc_json {

using nlohmann::json;

/// Where a value stands: in a whole ("argument 1"), or as an element or key of another value. What it refers to must
/// outlive it.
class JsonPath {
 public:
  explicit JsonPath(std::string_view whole, RpcCode fault) : name_{whole}, fault_{fault} {}

  [[nodiscard]] JsonPath element(std::size_t index) const { return {*this, {}, index + 1}; }
  [[nodiscard]] JsonPath key(std::string_view name) const { return {*this, name, 0}; }

  /// "argument 1, element 3, key 'x'"
  [[nodiscard]] std::string text() const;
  /// Throws RpcError of the place's fault: "argument 1: expected `expected`, given ...".
  [[noreturn]] void refuse(const json& given, const std::string& expected) const;
  /// The same for what nlohmann's own conversions throw.
  [[noreturn]] void refuse(const json& given, const json::exception& why) const;

 private:
  JsonPath(const JsonPath& in, std::string_view name, std::size_t number)
      : in_{&in}, name_{name}, number_{number}, fault_{in.fault_} {}

  const JsonPath* in_{nullptr};
  std::string_view name_;
  std::size_t number_{0};  // of an element, from 1
  RpcCode fault_;
};

template <class T, class... Others> inline constexpr bool is_one_of = (std::same_as<T, Others> || ...);

template <class T>
concept Integer = std::integral<T> && !is_one_of<T, bool, char, wchar_t, char8_t, char16_t, char32_t>;

template <class T> inline constexpr bool is_optional = false;
template <class T> inline constexpr bool is_optional<std::optional<T>> = true;

template <class T> inline constexpr bool is_list = false;  // a JSON array of any length
template <class... T> inline constexpr bool is_list<std::vector<T...>> = true;
template <class... T> inline constexpr bool is_list<std::deque<T...>> = true;
template <class... T> inline constexpr bool is_list<std::list<T...>> = true;
template <class... T> inline constexpr bool is_list<std::set<T...>> = true;
template <class... T> inline constexpr bool is_list<std::unordered_set<T...>> = true;

template <class T> inline constexpr bool is_row = false;  // a JSON array of a fixed length
template <class T, std::size_t size> inline constexpr bool is_row<std::array<T, size>> = true;
template <class... T> inline constexpr bool is_row<std::pair<T...>> = true;
template <class... T> inline constexpr bool is_row<std::tuple<T...>> = true;

template <class T> inline constexpr bool is_dictionary = false;  // a JSON object with any keys
template <class... T> inline constexpr bool is_dictionary<std::map<std::string, T...>> = true;
template <class... T> inline constexpr bool is_dictionary<std::unordered_map<std::string, T...>> = true;

/// Throws what nlohmann's to_json throws.
template <class T> [[nodiscard]] json to_value(const T& from) {
  if constexpr (is_optional<T>) {
    return from ? to_value(*from) : json(nullptr);
  } else if constexpr (is_list<T>) {
    auto values = json::array();
    for (const typename T::value_type& value : from) values.push_back(to_value(value));
    return values;
  } else if constexpr (is_row<T>) {
    return std::apply([](const auto&... values) { return json::array({to_value(values)...}); }, from);
  } else if constexpr (is_dictionary<T>) {
    auto values = json::object();
    for (const auto& [key, value] : from) values.emplace(key, to_value(value));
    return values;
  } else {
    return from;
  }
}

/// Throws RpcError, see `JsonPath::refuse`.
template <class T> [[nodiscard]] T from_value(const json& value, const JsonPath& place);

template <class T> [[nodiscard]] T from_number(const json& value, const JsonPath& place) {
  const bool fits = value.is_number_unsigned()  ? std::in_range<T>(value.get<std::uint64_t>())
                    : value.is_number_integer() ? std::in_range<T>(value.get<std::int64_t>())
                                                : false;
  if (!fits)
    place.refuse(value, "an integer from " + std::to_string(std::numeric_limits<T>::min()) + " to "
                            + std::to_string(std::numeric_limits<T>::max()));
  return value.get<T>();
}

template <class T> [[nodiscard]] T from_list(const json& value, const JsonPath& place) {
  if (!value.is_array()) place.refuse(value, "an array");
  T list;
  for (std::size_t i = 0; i < value.size(); ++i)
    list.insert(list.end(), from_value<typename T::value_type>(value[i], place.element(i)));
  return list;
}

template <class T> [[nodiscard]] T from_row(const json& value, const JsonPath& place) {
  constexpr auto size = std::tuple_size_v<T>;
  if (!value.is_array() || value.size() != size)
    place.refuse(value, "an array of " + std::to_string(size) + (size == 1 ? " element" : " elements"));
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    return T{from_value<std::tuple_element_t<i, T>>(value[i], place.element(i))...};
  }
  (std::make_index_sequence<size>{});
}

template <class T> [[nodiscard]] T from_dictionary(const json& value, const JsonPath& place) {
  if (!value.is_object()) place.refuse(value, "an object");
  T dictionary;
  for (const auto& [key, each] : value.get_ref<const json::object_t&>())
    dictionary.emplace(key, from_value<typename T::mapped_type>(each, place.key(key)));
  return dictionary;
}

template <class T> T from_value(const json& value, const JsonPath& place) {
  if constexpr (is_optional<T>) {
    if (value.is_null()) return std::nullopt;
    return from_value<typename T::value_type>(value, place);
  } else if constexpr (Integer<T>) {
    return from_number<T>(value, place);
  } else if constexpr (is_list<T>) {
    return from_list<T>(value, place);
  } else if constexpr (is_row<T>) {
    return from_row<T>(value, place);
  } else if constexpr (is_dictionary<T>) {
    return from_dictionary<T>(value, place);
  } else {
    if constexpr (std::same_as<T, bool>) {
      if (!value.is_boolean()) place.refuse(value, "true or false");
    } else if constexpr (std::floating_point<T>) {
      if (!value.is_number()) place.refuse(value, "a number");
    } else if constexpr (std::same_as<T, std::string>) {
      if (!value.is_string()) place.refuse(value, "a string");
    }
    try {
      return value.get<T>();
    } catch (const json::exception& why) {
      place.refuse(value, why);
    }
  }
}

}  // namespace pocketmq::client::rpc_json
