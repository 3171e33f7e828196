// A procedure's arguments and results as JSON: one argument is the value itself, none an empty body,
// several an array; void is null. User types convert through nlohmann's to_json and from_json.
#pragma once

#include <concepts>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "client/rpc_core.hpp"
#include "client/rpc_error.hpp"

namespace pocketmq::client {

/// A body as it is: the argument and the result of a procedure `Bytes(Bytes)`, which knows no JSON.
struct Bytes {
  std::string data{};

  friend bool operator==(const Bytes&, const Bytes&) = default;
};

inline constexpr std::string_view bytes_content_type = "application/octet-stream";

namespace rpc_json {

using nlohmann::json;

/// Throws RpcError(`fault`, "`what` ...") if `body` is no JSON, or nests deeper than 64 levels.
[[nodiscard]] json parse(std::string_view body, RpcCode fault, const std::string& what);
/// Throws RpcError(`fault`) for text that is not UTF-8.
[[nodiscard]] std::string dump(const json& value, RpcCode fault);
/// The arguments of a body, as many as `arity`. Throws RpcError(invalid_argument) for another number of them.
[[nodiscard]] std::vector<json> parse_arguments(std::string_view body, std::size_t arity);

/// Throws RpcError(`fault`, "`what`: expected `expected`, given ...").
[[noreturn]] void refuse(const json& given, RpcCode fault, const std::string& what, const std::string& expected);
/// The same for what nlohmann's own conversions throw.
[[noreturn]] void refuse(const json& given, RpcCode fault, const std::string& what, const json::exception& why);

template <class T, class... Others> inline constexpr bool is_one_of = (std::same_as<T, Others> || ...);

template <class T>
concept Integer = std::integral<T> && !is_one_of<T, bool, char, wchar_t, char8_t, char16_t, char32_t>;

/// Stricter than nlohmann's: no number is cut or rounded, and no boolean is a number.
template <class T> [[nodiscard]] T convert(const json& value, RpcCode fault, const std::string& what) {
  if constexpr (std::same_as<T, bool>) {
    if (!value.is_boolean()) refuse(value, fault, what, "true or false");
  } else if constexpr (Integer<T>) {
    const bool fits = value.is_number_unsigned()  ? std::in_range<T>(value.get<std::uint64_t>())
                      : value.is_number_integer() ? std::in_range<T>(value.get<std::int64_t>())
                                                  : false;
    if (!fits)
      refuse(value, fault, what,
             "an integer from " + std::to_string(std::numeric_limits<T>::min()) + " to "
                 + std::to_string(std::numeric_limits<T>::max()));
  } else if constexpr (std::floating_point<T>) {
    if (!value.is_number()) refuse(value, fault, what, "a number");
  }
  try {
    return value.get<T>();
  } catch (const json::exception& why) {
    refuse(value, fault, what, why);
  }
}

template <class... Args> [[nodiscard]] Payload encode_arguments(const Args&... args) {
  if constexpr (sizeof...(Args) == 0)
    return {};
  else if constexpr (std::same_as<std::tuple<Args...>, std::tuple<Bytes>>)
    return {std::get<0>(std::tie(args...)).data, bytes_content_type};
  else if constexpr (sizeof...(Args) == 1)
    return {dump(json(args...), RpcCode::invalid_argument)};
  else
    return {dump(json::array({json(args)...}), RpcCode::invalid_argument)};
}

template <class... Args> [[nodiscard]] std::tuple<Args...> decode_arguments(std::string_view body) {
  if constexpr (std::same_as<std::tuple<Args...>, std::tuple<Bytes>>) {
    return {Bytes{std::string{body}}};
  } else {
    const auto values = parse_arguments(body, sizeof...(Args));
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::tuple<Args...>{
          convert<Args>(values[I], RpcCode::invalid_argument, "argument " + std::to_string(I + 1))...};
    }
    (std::index_sequence_for<Args...>{});
  }
}

template <class Result> [[nodiscard]] Payload encode_result(const Result& result) {
  if constexpr (std::same_as<Result, Bytes>)
    return {result.data, bytes_content_type};
  else
    return {dump(json(result), RpcCode::internal)};
}

template <class Result> [[nodiscard]] Result decode_result(std::string body, const std::string& procedure) {
  if constexpr (std::same_as<Result, Bytes>) {
    return {std::move(body)};
  } else if constexpr (!std::is_void_v<Result>) {
    const auto what = "the reply of '" + procedure + "'";
    return convert<Result>(parse(body, RpcCode::internal, what), RpcCode::internal, what);
  }
}

}  // namespace rpc_json
}  // namespace pocketmq::client
