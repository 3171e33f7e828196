// JSON values, read and written by functions that are compiled once. So a user's file need not read nlohmann/json.hpp.
//
// A number is never cut or rounded, and a boolean is no number. A value that does not fit is refused with its path:
// "argument 1, element 3: expected ..., given ...".
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

#include "client/values/rpc_error.hpp"

namespace pocketmq::client::rpc_json {

using nlohmann::json;

/// The path of a value, for error texts: a whole value ("argument 1"), or an element or a key of another value. The
/// objects that a path refers to must outlive it.
class JsonPath {
 public:
  JsonPath(std::string_view whole, RpcCode fault) : name_{whole}, fault_{fault} {}

  [[nodiscard]] JsonPath element(std::size_t index) const { return {*this, {}, index + 1}; }
  [[nodiscard]] JsonPath key(std::string_view name) const { return {*this, name, 0}; }

  /// "argument 1, element 3, key 'x'"
  [[nodiscard]] std::string text() const;
  /// Throws RpcError of the path's fault: "argument 1: expected `expected`, given ...".
  [[noreturn]] void refuse(const json& given, const std::string& expected) const;
  /// The same for an exception of nlohmann's conversions, whose text is `what`.
  [[noreturn]] void refuse_as_nlohmann(const json& given, std::string_view what) const;

 private:
  JsonPath(const JsonPath& in, std::string_view name, std::size_t number)
      : in_{&in}, name_{name}, number_{number}, fault_{in.fault_} {}

  const JsonPath* in_{nullptr};
  std::string_view name_;
  std::size_t number_{0};  // of an element, from 1
  RpcCode fault_;
};

/// Owns a JSON value with all its elements and members.
class JsonDocument {
 public:
  /// Null.
  JsonDocument();
  /// Throws RpcError(`fault`, "`what` ...") if `text` is no JSON, or nests deeper than 64 levels.
  JsonDocument(std::string_view text, RpcCode fault, const std::string& what);
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;
  ~JsonDocument();

  [[nodiscard]] json& root();
  [[nodiscard]] const json& root() const;
  /// Throws RpcError(`fault`) for text that is not UTF-8.
  [[nodiscard]] std::string dump(RpcCode fault) const;

 private:
  static constexpr std::size_t room_bytes = 32;  // for a nlohmann::json, whose size a user's file does not know
  alignas(std::max_align_t) std::array<std::byte, room_bytes> room_;
};

// --- Reading: each refuses a value of another kind ------------------------------------------------------

[[nodiscard]] bool is_null(const json& value);
[[nodiscard]] bool read_bool(const json& value, const JsonPath& path);
[[nodiscard]] std::int64_t read_integer(const json& value, const JsonPath& path, std::int64_t min, std::int64_t max);
[[nodiscard]] std::uint64_t read_unsigned(const json& value, const JsonPath& path, std::uint64_t max);
/// Reads any number. T is float, double or long double.
template <std::floating_point T> [[nodiscard]] T read_real(const json& value, const JsonPath& path);
[[nodiscard]] const std::string& read_string(const json& value, const JsonPath& path);
/// The number of an array's elements.
[[nodiscard]] std::size_t read_array(const json& value, const JsonPath& path);
/// Checks that the value is an array of `size` elements.
void read_array_of(std::size_t size, const json& value, const JsonPath& path);
[[nodiscard]] const json& element_of(const json& array, std::size_t index);
/// Calls `visit` with each key of an object and its value.
void read_object(const json& value, const JsonPath& path,
                 const std::function<void(const std::string& key, const json& value)>& visit);

// --- Writing: each makes `to` that value ------------------------------------------------------------------

void write_null(json& to);
void write_bool(json& to, bool value);
void write_integer(json& to, std::int64_t value);
void write_unsigned(json& to, std::uint64_t value);
void write_real(json& to, double value);
void write_string(json& to, const std::string& value);
void write_array(json& to);
/// A new element, null for now. Valid until the next one.
[[nodiscard]] json& append_to(json& array);
void write_object(json& to);
/// A new member, null for now.
[[nodiscard]] json& member_of(json& object, const std::string& key);

}  // namespace pocketmq::client::rpc_json
