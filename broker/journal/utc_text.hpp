// A time in UTC as text, as RFC 3339 has it.
#pragma once

#include <array>
#include <chrono>
#include <cstdio>
#include <string>

namespace pocketmq::broker {

/// "2026-11-30T10:15:02.123Z", with as many decimals as `Precision` has: milliseconds or microseconds.
template <class Precision> [[nodiscard]] std::string utc_text(std::chrono::system_clock::time_point at) {
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<Precision>(at - day)};
  constexpr int decimals = std::chrono::hh_mm_ss<Precision>::fractional_width;
  std::array<char, 40> text{};
  const auto size =
      std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%0*dZ", static_cast<int>(date.year()),
                    static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                    static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                    static_cast<int>(time.seconds().count()), decimals, static_cast<int>(time.subseconds().count()));
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace pocketmq::broker
