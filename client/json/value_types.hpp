// The types that arguments, results and elements of streams may have. A signature with any other type does not compile.
// The first error is then one of the assertions here, which says what to write instead.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>  // std::ranges::enable_view, without the rest of <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

#include "client/json/json_convert.hpp"
#include "client/json/rpc_json.hpp"

namespace pocketmq::client {

/// Whether a T refers to data that it does not own: a reference, a pointer, a view, or a template of one of these, such
/// as std::optional<std::string_view>. The members of a struct cannot be checked.
template <class T> consteval bool is_view() {
  if constexpr (std::is_reference_v<T> || std::is_pointer_v<T>)
    return true;
  else if constexpr (requires { sizeof(T); })
    return std::ranges::enable_view<T>;
  else
    return false;  // a tag, for example
}
template <class T> inline constexpr bool refers = is_view<T>();
template <class T> inline constexpr bool refers<const T> = refers<T>;
template <class T> inline constexpr bool refers<std::reference_wrapper<T>> = true;
template <class T> inline constexpr bool refers<std::initializer_list<T>> = true;
template <class T> inline constexpr bool refers<std::optional<T>> = refers<T>;
template <class T, std::size_t size> inline constexpr bool refers<std::array<T, size>> = refers<T>;
template <template <class...> class Of, class... T>
inline constexpr bool refers<Of<T...>> = is_view<Of<T...>>() || (refers<T> || ...);

template <class T>
concept ReadByNlohmann = !std::is_void_v<T> && requires(const rpc_json::JsonFor<T>& value) {
  value.template get<T>();
};
template <class T>
concept WrittenByNlohmann = !std::is_void_v<T> && requires(rpc_json::JsonFor<T> & value, const T& from) {
  value = from;
};
template <class T> using ReadFromJson = std::bool_constant<rpc_json::Scalar<T> || ReadByNlohmann<T>>;
template <class T> using WrittenAsJson = std::bool_constant<rpc_json::Scalar<T> || WrittenByNlohmann<T>>;

template <class T>
concept WithElements = rpc_json::is_optional<T> || rpc_json::is_list<T>;
template <class T>
concept Dictionary = rpc_json::is_dictionary<T>;

/// Whether a T can be converted: json_convert.hpp converts scalars and containers, and nlohmann the other types in
/// them.
template <template <class> class Conversion, class T> inline constexpr bool converts = Conversion<T>::value;
template <template <class> class Conversion, WithElements T>
inline constexpr bool converts<Conversion, T> = converts<Conversion, typename T::value_type>;
template <template <class> class Conversion, Dictionary T>
inline constexpr bool converts<Conversion, T> = converts<Conversion, typename T::mapped_type>;
template <template <class> class Conversion, class T, std::size_t size>
inline constexpr bool converts<Conversion, std::array<T, size>> = converts<Conversion, T>;
template <template <class> class Conversion, class A, class B>
inline constexpr bool converts<Conversion, std::pair<A, B>> = converts<Conversion, A>&& converts<Conversion, B>;
template <template <class> class Conversion, class... T>
inline constexpr bool converts<Conversion, std::tuple<T...>> = (converts<Conversion, T> && ...);

// --- The rules: each returns true. For a type that breaks the rule it does not compile. ---------------

template <class T> consteval bool owns_its_data() {
  static_assert(
      !refers<T>,
      "pocketmq: an argument, a result or an element owns its data, since the message that it came in is gone "
      "before it is used: write std::string for std::string_view and const char*, std::vector for std::span, "
      "T for T& and T* (a parameter may be const T&)");
  return !refers<T>;
}

/// A T may be received in a message.
template <class T> consteval bool is_receivable() {
  if constexpr (std::is_same_v<T, Bytes>) {
    return true;
  } else if constexpr (owns_its_data<T>()) {
    static_assert(converts<ReadFromJson, T>,
                  "pocketmq: this type has no conversion from JSON: include <nlohmann/json.hpp>, and give it a default "
                  "constructor and from_json, say with NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Type, members...) in its "
                  "namespace, before the signature");
    return converts<ReadFromJson, T>;
  } else {
    return false;
  }
}

/// A T may be sent in a message.
template <class T> consteval bool is_sendable() {
  if constexpr (std::is_same_v<T, Bytes>) {
    return true;
  } else if constexpr (owns_its_data<T>()) {
    static_assert(
        converts<WrittenAsJson, T>,
        "pocketmq: this type has no conversion to JSON: include <nlohmann/json.hpp>, and give it to_json, say with "
        "NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Type, members...) in its namespace, before the signature");
    return converts<WrittenAsJson, T>;
  } else {
    return false;
  }
}

template <class... Arguments> consteval bool bytes_are_alone() {
  constexpr bool alone = sizeof...(Arguments) == 1 || !(std::is_same_v<Arguments, Bytes> || ...);
  static_assert(
      alone,
      "pocketmq: Bytes are the only argument, since they are the whole body of the request: write std::string, "
      "or send the others as headers");
  return alone;
}

/// The type that is sent for a parameter: T for T, `const T&` and `T&&`, since a T lives as long as the call. `T&`
/// stays `T&`, and is refused.
template <class Parameter>
using Argument =
    std::conditional_t<std::is_lvalue_reference_v<Parameter> && !std::is_const_v<std::remove_reference_t<Parameter>>,
                       Parameter, std::decay_t<Parameter>>;

}  // namespace pocketmq::client
