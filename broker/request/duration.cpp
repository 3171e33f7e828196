#include "broker/request/duration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include <nlohmann/json.hpp>

#include "protocol/codec/json_parse.hpp"

namespace pocketmq::broker {
namespace {

using namespace std::chrono_literals;

struct Unit {
  std::string_view name;
  std::chrono::milliseconds length;
};
constexpr std::array units{Unit{"ms", 1ms}, Unit{"s", 1s}, Unit{"m", 1min}, Unit{"h", 1h}, Unit{"d", 24h}};
constexpr std::chrono::milliseconds duration_max = 24h * 365 * 100;

// "2 h 5 min", or "2 h" if nothing is left of the smaller unit.
std::string in_two_units(std::int64_t count, std::int64_t in_one, std::string_view larger, std::string_view smaller) {
  auto text = std::to_string(count / in_one) + " " + std::string{larger};
  if (count % in_one != 0) text += " " + std::to_string(count % in_one) + " " + std::string{smaller};
  return text;
}

}  // namespace

std::optional<std::chrono::nanoseconds> duration_of(std::string_view text) {
  std::int64_t count = 0;
  const auto* const end = text.data() + text.size();
  const auto [after_number, failed] = std::from_chars(text.data(), end, count);
  const std::string_view name{after_number, static_cast<std::size_t>(end - after_number)};
  const auto* const unit = std::ranges::find(units, name, &Unit::name);
  if (failed != std::errc{} || text.front() == '-' || unit == units.end()) return std::nullopt;
  if (count > duration_max / unit->length) return std::nullopt;
  return count * unit->length;
}

std::optional<std::chrono::nanoseconds> duration_in(JsonObject& object, std::string_view key) {
  const auto* const member = object.member(key);
  if (member == nullptr) return std::nullopt;
  if (member->is_string())
    if (const auto duration = duration_of(member->get_ref<const std::string&>())) return duration;
  object.refuse(
      key, "wants a duration of at most 100 years: a string such as \"200ms\", \"5s\", \"10m\", \"24h\" or \"3d\"; got "
               + (member->is_string() ? protocol::in_quotes(member->get_ref<const std::string&>())
                                      : protocol::kind_of(*member)));
}

std::string duration_text(std::chrono::nanoseconds duration) {
  const auto milliseconds = duration / 1ms;
  if (duration < 1s) return std::to_string(milliseconds) + " ms";
  const auto seconds = duration / 1s;
  if (duration < 10s) {
    const auto tenths = milliseconds / 100 % 10;
    return std::to_string(seconds) + (tenths == 0 ? "" : "." + std::to_string(tenths)) + " s";
  }
  if (duration < 1min) return std::to_string(seconds) + " s";
  if (duration < 1h) return in_two_units(seconds, 60, "min", "s");
  if (duration < 24h) return in_two_units(duration / 1min, 60, "h", "min");
  return in_two_units(duration / 1h, 24, "d", "h");
}

}  // namespace pocketmq::broker
