// Compares values of a golden recording with values of another one, up to a renaming.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace pocketmq::broker {

/// Which name of the recording each name of the golden stands for: c1, m7, <q1>. One to one.
class Renaming {
 public:
  /// Makes `golden` stand for `recorded`. Returns false, and changes nothing, if either is bound to another name.
  bool bind(std::string_view golden, std::string_view recorded);
  /// Whether `bind` would succeed.
  [[nodiscard]] bool allows(std::string_view golden, std::string_view recorded) const;
  /// The recording's name; empty if none is bound.
  [[nodiscard]] std::string_view recorded(std::string_view golden) const;
  /// The golden's name; empty if none is bound.
  [[nodiscard]] std::string_view golden(std::string_view recorded) const;

  /// Undoes the bindings that were made since `mark` had this value.
  [[nodiscard]] std::size_t mark() const { return trail_.size(); }
  void undo(std::size_t mark);

 private:
  std::map<std::string, std::string, std::less<>> to_recorded_;
  std::map<std::string, std::string, std::less<>> to_golden_;
  std::vector<std::pair<std::string, std::string>> trail_;
};

/// Whether names without a binding are bound where they are compared, or only have to be free.
enum class Unbound : std::uint8_t { are_bound, may_differ };

enum class Members : std::uint8_t { all, listed };

struct ComparisonOptions {
  Members members{Members::listed};
  bool compares_times{false};
  std::vector<std::string> kinds{};  // prefixes; empty for all
};

/// Compares events. Each is a JSON object.
class ValueComparison {
 public:
  ValueComparison(const ComparisonOptions& options, Renaming& renaming) : options_{options}, renaming_{renaming} {}

  /// Whether they are equal. With `are_bound`, names stay bound only if they are.
  [[nodiscard]] bool are_equal(const nlohmann::ordered_json& golden, const nlohmann::ordered_json& recorded,
                               Unbound unbound);
  /// How they differ: "'body.status' is \"paid\", not \"created\"". Binds names as far as they are equal.
  [[nodiscard]] std::vector<std::string> differences(const nlohmann::ordered_json& golden,
                                                     const nlohmann::ordered_json& recorded);
  /// How many values were compared so far.
  [[nodiscard]] std::size_t compared() const { return compared_; }

 private:
  class Walk;

  const ComparisonOptions& options_;
  Renaming& renaming_;
  std::size_t compared_{0};
};

/// The string with the golden's names instead of the recording's, as far as they are bound.
[[nodiscard]] std::string with_golden_names(std::string_view recorded, const Renaming& renaming);

}  // namespace pocketmq::broker
