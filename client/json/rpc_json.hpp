// A procedure's arguments and results as JSON. One argument is sent as the value itself, several as an array, none as
// an empty body. The result void is null. json_convert.hpp converts the values.
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

/// An unconverted body: the argument and the result of a procedure `Bytes(Bytes)`, which uses no JSON.
struct Bytes {
  std::string data{};

  friend bool operator==(const Bytes&, const Bytes&) = default;
};

inline constexpr std::string_view bytes_content_type = "application/octet-stream";

namespace rpc_json {

/// The arguments of a request.
class Arguments {
 public:
  /// Throws RpcError(invalid_argument) if `body` is no JSON, or holds another number of arguments than `arity`.
  Arguments(std::string_view body, std::size_t arity);

  [[nodiscard]] const json& operator[](std::size_t index) const;

 private:
  const JsonDocument document_;
  const std::size_t arity_;
};

/// One value as itself, several as an array.
template <class... Values> [[nodiscard]] Payload encode(RpcCode fault, const Values&... values) {
  JsonDocument document;
  if constexpr (sizeof...(Values) == 1)
    (write_value(document.root(), values), ...);
  else
    write_value(document.root(), std::tie(values...));
  return {document.dump(fault)};
}

template <class... Args> [[nodiscard]] Payload encode_arguments(const Args&... args) {
  static_assert(sizeof...(Args) == 1 || !(std::same_as<Args, Bytes> || ...), "Bytes are the only argument");
  if constexpr (sizeof...(Args) == 0)
    return {};
  else if constexpr (std::same_as<std::tuple<Args...>, std::tuple<Bytes>>)
    return {std::get<0>(std::tie(args...)).data, bytes_content_type};
  else
    return encode(RpcCode::invalid_argument, args...);
}

template <class... Args> [[nodiscard]] std::tuple<Args...> decode_arguments(std::string_view body) {
  if constexpr (std::same_as<std::tuple<Args...>, std::tuple<Bytes>>) {
    return {Bytes{std::string{body}}};
  } else {
    const Arguments values{body, sizeof...(Args)};
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
    return encode(RpcCode::internal, result);
}

template <std::same_as<Bytes> Result> [[nodiscard]] Payload encode_result(Result&& result) {
  return {std::move(result.data), bytes_content_type};
}

template <class Result> [[nodiscard]] Result decode_result(std::string body, const std::string& procedure) {
  if constexpr (std::same_as<Result, Bytes>) {
    return {std::move(body)};
  } else if constexpr (!std::is_void_v<Result>) {
    const auto what = "the reply of '" + procedure + "'";
    const JsonDocument document{body, RpcCode::internal, what};
    return from_value<Result>(document.root(), JsonPath{what, RpcCode::internal});
  }
}

}  // namespace rpc_json
}  // namespace pocketmq::client
