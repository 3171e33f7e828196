// Which types arguments, results and elements of streams may have. A signature with another one does not compile; the
// first error is one of the assertions here, and says what to write instead.
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

#include "client/json/json_convert.hpp"
#include "client/json/rpc_json.hpp"

namespace pocketmq::client {

/// Whether a T refers to what it does not own: a reference, a pointer, a view, or a template of one of these, such as
/// std::optional<std::string_view>. What a struct's members are cannot be seen.
template <class T> consteval bool is_view() {
  if constexpr (std::is_reference_v<T> || std::is_pointer_v<T>)
    return true;
  else if constexpr (requires { sizeof(T); })
    return std::ranges::enable_view<T>;
  else
    return false;  // a tag, say
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
concept ReadByNlohmann = !std::is_void_v<T> && requires(const rpc_json::json& value) {
  value.get<T>();
};
template <class T> using ReadFromJson = std::bool_constant<ReadByNlohmann<T>>;
template <class T> using WrittenAsJson = std::is_convertible<std::add_lvalue_reference_t<const T>, rpc_json::json>;

template <class T>
concept WithElements = rpc_json::is_optional<T> || rpc_json::is_list<T>;
template <class T>
concept Dictionary = rpc_json::is_dictionary<T>;

/// Whether nlohmann has a conversion for what is left of a T where json_convert.hpp has gone into its elements.
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

// --- The rules: each is true, or does not compile ----------------------------------------------------

template <class T> consteval bool owns_its_data() {
  static_assert(
      !refers<T>,
      "pocketmq: an argument, a result or an element owns its data, since the message that it came in is gone "
      "before it is used: write std::string for std::string_view and const char*, std::vector for std::span, "
      "T for T& and T* (a parameter may be const T&)");
  return !refers<T>;
}

/// A T may come in a message.
template <class T> consteval bool is_receivable() {
  if constexpr (std::is_same_v<T, Bytes>) {
    return true;
  } else if constexpr (owns_its_data<T>()) {
    static_assert(converts<ReadFromJson, T>,
                  "pocketmq: this type has no conversion from JSON: give it a default constructor and from_json, say "
                  "with NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Type, members...) in its namespace, before the signature");
    return converts<ReadFromJson, T>;
  } else {
    return false;
  }
}

/// A T may go into a message.
template <class T> consteval bool is_sendable() {
  if constexpr (std::is_same_v<T, Bytes>) {
    return true;
  } else if constexpr (owns_its_data<T>()) {
    static_assert(converts<WrittenAsJson, T>,
                  "pocketmq: this type has no conversion to JSON: give it to_json, say with "
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

/// The type that travels for a parameter: `const T&` and `T&&` are as good as T, since a T lives as long as the call. A
/// `T&` stays one, and is refused.
template <class Parameter>
using Argument =
    std::conditional_t<std::is_lvalue_reference_v<Parameter> && !std::is_const_v<std::remove_reference_t<Parameter>>,
                       Parameter, std::decay_t<Parameter>>;

}  // namespace pocketmq::client
