// One JSON object that a person has written, such as an object of a definitions file or the body of a request. Members
// are read by name. A missing member, or one of the wrong type, is an error that names its path. The object also knows
// which members nobody has read.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace pocketmq::broker {

/// What is wrong with a JSON text. The error says where, why, and what to do: "queues[3].durable: wants true or false,
/// got a string".
class JsonObjectError final : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// Parses a JSON text. Throws JsonObjectError with the line and the column of a mistake.
[[nodiscard]] nlohmann::ordered_json parse_json_text(std::string_view text);

/// Reads the JSON value, which must outlive it. Each function throws JsonObjectError for a member of the wrong type.
class JsonObject {
 public:
  using Json = nlohmann::ordered_json;

  /// `path` is how error texts name the object: "queues[3]"; empty for the outermost object. Throws if `json` is not an
  /// object.
  JsonObject(const Json& json, std::string path);

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] bool has(std::string_view key) const;

  /// These two throw if the member is missing.
  [[nodiscard]] std::string text(std::string_view key);
  [[nodiscard]] bool boolean(std::string_view key);

  [[nodiscard]] std::optional<std::string> optional_text(std::string_view key);
  [[nodiscard]] bool boolean(std::string_view key, bool fallback);
  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t fallback);
  /// A text of at most 255 bytes, like all names in AMQP. Throws if the member is missing.
  [[nodiscard]] std::string name(std::string_view key);
  /// An object as an encoded field table; empty if the member is missing.
  [[nodiscard]] std::string table(std::string_view key);
  /// The texts of an array, or the parts of a text between its commas; empty if the member is missing.
  [[nodiscard]] std::vector<std::string> words(std::string_view key);
  /// The elements of an array; empty if the member is missing. They are valid as long as the JSON value.
  [[nodiscard]] std::vector<JsonObject> list(std::string_view key);

  /// The object with that key; nothing if the member is missing. It is valid as long as the JSON value.
  [[nodiscard]] std::optional<JsonObject> object(std::string_view key);
  /// A whole number from `min` to `max`; nothing if the member is missing.
  [[nodiscard]] std::optional<std::uint64_t> whole_number(std::string_view key, std::uint64_t min, std::uint64_t max);
  /// The member itself; null if it is missing. It is valid as long as the JSON value.
  [[nodiscard]] const Json* member(std::string_view key) { return find(key); }

  /// Marks members as read that the broker does not need.
  void ignore(std::initializer_list<std::string_view> keys) { read_keys_.insert(read_keys_.end(), keys); }
  /// The members that were not read, except those that are null, false, "", [] or {}.
  [[nodiscard]] std::vector<std::string> unread_keys() const;

  /// Throws if there is a member that was not read. The text lists those that were: call it last.
  void refuse_unread_keys() const;

  [[noreturn]] void refuse(std::string_view key, const std::string& why) const;

 private:
  [[nodiscard]] const Json* find(std::string_view key);
  [[nodiscard]] const Json& require(std::string_view key);
  [[nodiscard]] std::string path_of(std::string_view key) const;

  const Json& json_;
  std::string path_;
  std::vector<std::string_view> read_keys_;
};

}  // namespace pocketmq::broker
