// A time as people read it in a log: "1.5 ms".
#pragma once

#include <array>
#include <chrono>
#include <cstdio>
#include <string>

namespace pocketmq::client {

[[nodiscard]] inline std::string milliseconds_text(std::chrono::nanoseconds time) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f ms", std::chrono::duration<double, std::milli>{time}.count());
  return text.data();
}

}  // namespace pocketmq::client
