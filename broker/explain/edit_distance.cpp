#include "broker/explain/edit_distance.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "broker/core/redeclaration.hpp"
#include "protocol/base/printable.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t candidates_max = 10'000;
constexpr std::size_t letters_max = 1'024;  // of a name; what follows is not compared letter by letter

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equal_but_case(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, lower, lower); }

std::string without_spaces(std::string_view text) {
  std::string rest;
  std::ranges::copy_if(text, std::back_inserter(rest),
                       [](char c) { return std::string_view{" \t\r\n"}.find(c) == std::string_view::npos; });
  return rest;
}

void drop_common_ends(std::string_view& a, std::string_view& b) {
  const auto begin = static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
  a.remove_prefix(begin);
  b.remove_prefix(begin);
  while (!a.empty() && !b.empty() && a.back() == b.back()) {
    a.remove_suffix(1);
    b.remove_suffix(1);
  }
}

}  // namespace

// The rows of the table are kept as far as an exchange of two letters looks back. In a row only the fields within `max`
// of the diagonal can be small enough.
std::size_t edit_distance(std::string_view a, std::string_view b, std::size_t max) {
  drop_common_ends(a, b);
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > max || b.size() > letters_max) return max + 1;
  const auto too_far = max + 1;
  std::array<std::vector<std::size_t>, 3> rows;
  rows.fill(std::vector<std::size_t>(b.size() + 1, too_far));
  for (std::size_t j = 0; j <= b.size(); ++j) rows[0][j] = std::min(j, too_far);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    auto& row = rows[i % 3];
    const auto& above = rows[(i + 2) % 3];
    const auto& two_above = rows[(i + 1) % 3];
    std::ranges::fill(row, too_far);
    if (i <= max) row[0] = i;
    auto least = row[0];
    const auto first = i > max ? i - max : 1;
    for (auto j = std::max<std::size_t>(first, 1); j <= std::min(b.size(), i + max); ++j) {
      auto cost = above[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U);
      cost = std::min({cost, above[j] + 1, row[j - 1] + 1, too_far});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) cost = std::min(cost, two_above[j - 2] + 1);
      row[j] = cost;
      least = std::min(least, cost);
    }
    if (least > max) return too_far;
  }
  return rows[a.size() % 3][b.size()];
}

std::size_t name_distance(std::string_view a, std::string_view b) {
  if (a == b) return 0;
  if (equal_but_case(a, b) || without_spaces(a) == without_spaces(b)) return 1;
  return edit_distance(a, b, std::max(a.size(), b.size()));
}

std::size_t slip_max(std::string_view a, std::string_view b) {
  return std::max<std::size_t>(1, std::max(a.size(), b.size()) / 3);
}

std::string shown_name(std::string_view name) { return in_single_quotes(protocol::printable(name)); }

std::string difference_text(std::string_view name, std::string_view wanted) {
  const auto from = "differs from " + shown_name(wanted);
  if (equal_but_case(name, wanted)) return from + " only in upper and lower case";
  if (without_spaces(name) == without_spaces(wanted)) return from + " only in spaces";
  const auto letters = edit_distance(name, wanted, slip_max(name, wanted));
  if (letters > slip_max(name, wanted)) return "is not " + shown_name(wanted);
  return from + " by " + (letters == 1 ? "one letter" : std::to_string(letters) + " letters");
}

std::vector<std::string> nearest_names(std::string_view name, std::span<const std::string> candidates,
                                       std::size_t count) {
  std::vector<std::pair<std::size_t, const std::string*>> near;
  for (const auto& candidate : candidates.first(std::min(candidates.size(), candidates_max))) {
    const auto distance = name_distance(name, candidate);
    if (distance <= slip_max(name, candidate)) near.emplace_back(distance, &candidate);
  }
  std::ranges::sort(near, [](const auto& a, const auto& b) {
    return std::pair{a.first, std::string_view{*a.second}} < std::pair{b.first, std::string_view{*b.second}};
  });
  near.resize(std::min(near.size(), count));
  std::vector<std::string> names;
  for (const auto& [distance, candidate] : near) names.push_back(*candidate);
  return names;
}

std::string did_you_mean(std::string_view name, std::span<const std::string> candidates) {
  const auto names = nearest_names(name, candidates);
  if (names.empty()) return {};
  std::string text = " (did you mean ";
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 == names.size() ? " or " : ", ") + shown_name(names[i]);
  return text + "?)";
}

}  // namespace pocketmq::broker
