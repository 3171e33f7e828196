// One object of a definitions file: its members by their names. What is missing or of the wrong type is told with its
// place in the file, and what nobody asked for can be told too.
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace pocketmq::broker {

/// Definitions that cannot be loaded: the place in them, why, and what to do: "queues[3].durable: wants true or false,
/// got a string".
class DefinitionsError final : public std::runtime_error {
 public:
  using runtime_error::runtime_error;
};

/// Looks at the JSON, which must outlive it. Each question throws DefinitionsError if the answer is of the wrong type.
class Definition {
 public:
  using Json = nlohmann::ordered_json;

  /// `path` is how texts say where it is: "queues[3]"; empty for the whole file. Throws if it is not an object.
  Definition(const Json& json, std::string path);

  [[nodiscard]] const std::string& path() const { return path_; }

  /// These two throw if there is no such member.
  [[nodiscard]] std::string text(std::string_view key);
  [[nodiscard]] bool truth(std::string_view key);

  [[nodiscard]] std::optional<std::string> text_if_any(std::string_view key);
  [[nodiscard]] bool truth(std::string_view key, bool if_none);
  [[nodiscard]] std::int64_t integer(std::string_view key, std::int64_t if_none);
  /// A text of at most 255 bytes, as AMQP's names are. Throws if there is none.
  [[nodiscard]] std::string name(std::string_view key);
  /// An object as an encoded field table; empty if there is none.
  [[nodiscard]] std::string table(std::string_view key);
  /// The texts of an array, or of one text with commas between them; none if there is no such member.
  [[nodiscard]] std::vector<std::string> words(std::string_view key);
  /// The elements of an array, or nothing. They live as long as the JSON.
  [[nodiscard]] std::vector<Definition> list(std::string_view key);

  /// These members mean nothing to the broker.
  void pass_over(std::initializer_list<std::string_view> keys) { asked_.insert(asked_.end(), keys); }
  /// The members that nobody has asked for, but those that hold nothing: null, false, "", [] and {}.
  [[nodiscard]] std::vector<std::string> unasked() const;

  [[noreturn]] void refuse(std::string_view key, const std::string& why) const;

 private:
  [[nodiscard]] const Json* find(std::string_view key);
  [[nodiscard]] const Json& require(std::string_view key);
  [[nodiscard]] std::string path_of(std::string_view key) const;

  const Json& json_;
  std::string path_;
  std::vector<std::string_view> asked_;
};

}  // namespace pocketmq::broker
