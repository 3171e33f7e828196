// A procedure's arguments and results as JSON: one argument is the value itself, none an empty body,
// several an array; void is null. Values convert as json_convert.hpp says.
#pragma once

#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "client/json/json_convert.hpp"
#include "client/values/rpc_error.hpp"
#include "client/values/rpc_request.hpp"

namespace pocketmq::client {

/// A body as it is: the argument and the result of a procedure `Bytes(Bytes)`, which knows no JSON.
struct Bytes {
  std::string data{};

  friend bool operator==(const Bytes&, const Bytes&) = default;
};

inline constexpr std::string_view bytes_content_type = "application/octet-stream";

namespace rpc_json {

/// Throws RpcError(`fault`, "`what` ...") if `body` is no JSON, or nests deeper than 64 levels.
[[nodiscard]] json parse(std::string_view body, RpcCode fault, const std::string& what);
/// Throws RpcError(`fault`) for text that is not UTF-8.
[[nodiscard]] std::string dump(const json& value, RpcCode fault);
/// The arguments of a body, as many as `arity`. Throws RpcError(invalid_argument) for another number of them.
[[nodiscard]] std::vector<json> parse_arguments(std::string_view body, std::size_t arity);

template <class... Args> [[nodiscard]] Payload encode_arguments(const Args&... args) {
  static_assert(sizeof...(Args) == 1 || !(std::same_as<Args, Bytes> || ...), "Bytes are the only argument");
  if constexpr (sizeof...(Args) == 0)
    return {};
  else if constexpr (std::same_as<std::tuple<Args...>, std::tuple<Bytes>>)
    return {std::get<0>(std::tie(args...)).data, bytes_content_type};
  else if constexpr (sizeof...(Args) == 1)
    return {dump(to_value(args...), RpcCode::invalid_argument)};
  else
    return {dump(json::array({to_value(args)...}), RpcCode::invalid_argument)};
}

template <class... Args> [[nodiscard]] std::tuple<Args...> decode_arguments(std::string_view body) {
  if constexpr (std::same_as<std::tuple<Args...>, std::tuple<Bytes>>) {
    return {Bytes{std::string{body}}};
  } else {
    const auto values = parse_arguments(body, sizeof...(Args));
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return std::tuple<Args...>{
          from_value<Args>(values[I], JsonPath{"argument " + std::to_string(I + 1), RpcCode::invalid_argument})...};
    }
    (std::index_sequence_for<Args...>{});
  }
}

template <class Result> [[nodiscard]] Payload encode_result(const Result& result) {
  if constexpr (std::same_as<Result, Bytes>)
    return {result.data, bytes_content_type};
  else
    return {dump(to_value(result), RpcCode::internal)};
}

template <std::same_as<Bytes> Result> [[nodiscard]] Payload encode_result(Result&& result) {
  return {std::move(result.data), bytes_content_type};
}

template <class Result> [[nodiscard]] Result decode_result(std::string body, const std::string& procedure) {
  if constexpr (std::same_as<Result, Bytes>) {
    return {std::move(body)};
  } else if constexpr (!std::is_void_v<Result>) {
    const auto what = "the reply of '" + procedure + "'";
    return from_value<Result>(parse(body, RpcCode::internal, what), JsonPath{what, RpcCode::internal});
  }
}

}  // namespace rpc_json
}  // namespace pocketmq::client
