// From C++ values to JSON and back, more strictly than nlohmann's own conversions (json_value.hpp).
//
// Numbers, booleans, strings, std::optional (null for nothing) and standard containers are converted here, element by
// element. Any other type is converted by nlohmann's to_json and from_json. A file that uses such a type includes
// nlohmann/json.hpp itself, because these templates then need its definitions.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "client/json/json_value.hpp"
#include "client/values/dependent.hpp"

namespace pocketmq::client::rpc_json {

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

/// Whether a T is converted here, without nlohmann.
template <class T>
concept Scalar = std::same_as<T, bool> || Integer<T> || std::floating_point<T> || std::same_as<T, std::string>;

template <class T> using JsonFor = DependingOn<json, T>;

template <Scalar T> void write_scalar(json& to, const T& from) {
  if constexpr (std::same_as<T, bool>)
    write_bool(to, from);
  else if constexpr (std::floating_point<T>)
    write_real(to, static_cast<double>(from));
  else if constexpr (std::same_as<T, std::string>)
    write_string(to, from);
  else if constexpr (std::is_signed_v<T>)
    write_integer(to, from);
  else
    write_unsigned(to, from);
}

/// Makes `to` the JSON value of `from`. Throws what nlohmann's to_json throws.
template <class T> void write_value(json& to, const T& from) {
  if constexpr (is_optional<T>) {
    if (from)
      write_value(to, *from);
    else
      write_null(to);
  } else if constexpr (is_list<T>) {
    write_array(to);
    for (const typename T::value_type& value : from) write_value(append_to(to), value);
  } else if constexpr (is_row<T>) {
    write_array(to);
    std::apply([&to](const auto&... values) { (write_value(append_to(to), values), ...); }, from);
  } else if constexpr (is_dictionary<T>) {
    write_object(to);
    for (const auto& [key, value] : from) write_value(member_of(to, key), value);
  } else if constexpr (Scalar<T>) {
    write_scalar(to, from);
  } else {
    static_cast<JsonFor<T>&>(to) = from;
  }
}

/// The T of a JSON value. Throws RpcError, see `JsonPath::refuse`.
template <class T> [[nodiscard]] T from_value(const json& value, const JsonPath& path);

template <Scalar T> [[nodiscard]] T read_scalar(const json& value, const JsonPath& path) {
  using Limits = std::numeric_limits<T>;
  if constexpr (std::same_as<T, bool>)
    return read_bool(value, path);
  else if constexpr (std::floating_point<T>)
    return read_real<T>(value, path);
  else if constexpr (std::same_as<T, std::string>)
    return read_string(value, path);
  else if constexpr (std::is_signed_v<T>)
    return static_cast<T>(read_integer(value, path, Limits::min(), Limits::max()));
  else
    return static_cast<T>(read_unsigned(value, path, Limits::max()));
}

template <class T> [[nodiscard]] T from_list(const json& value, const JsonPath& path) {
  T list;
  const auto size = read_array(value, path);
  for (std::size_t i = 0; i < size; ++i)
    list.insert(list.end(), from_value<typename T::value_type>(element_of(value, i), path.element(i)));
  return list;
}

template <class T> [[nodiscard]] T from_row(const json& value, const JsonPath& path) {
  constexpr auto size = std::tuple_size_v<T>;
  read_array_of(size, value, path);
  return [&]<std::size_t... i>(std::index_sequence<i...>) {
    return T{from_value<std::tuple_element_t<i, T>>(element_of(value, i), path.element(i))...};
  }
  (std::make_index_sequence<size>{});
}

template <class T> [[nodiscard]] T from_dictionary(const json& value, const JsonPath& path) {
  T dictionary;
  read_object(value, path, [&](const std::string& key, const json& each) {
    dictionary.emplace(key, from_value<typename T::mapped_type>(each, path.key(key)));
  });
  return dictionary;
}

template <class T> [[nodiscard]] T from_nlohmann(const JsonFor<T>& value, const JsonPath& path) {
  try {
    return value.template get<T>();
  } catch (const typename JsonFor<T>::exception& why) {
    path.refuse_as_nlohmann(value, why.what());
  }
}

template <class T> T from_value(const json& value, const JsonPath& path) {
  if constexpr (is_optional<T>) {
    if (is_null(value)) return std::nullopt;
    return from_value<typename T::value_type>(value, path);
  } else if constexpr (is_list<T>) {
    return from_list<T>(value, path);
  } else if constexpr (is_row<T>) {
    return from_row<T>(value, path);
  } else if constexpr (is_dictionary<T>) {
    return from_dictionary<T>(value, path);
  } else if constexpr (Scalar<T>) {
    return read_scalar<T>(value, path);
  } else {
    return from_nlohmann<T>(value, path);
  }
}

}  // namespace pocketmq::client::rpc_json
