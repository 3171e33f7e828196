#pragma once

#include <string_view>

namespace pocketmq::broker {

/// PocketMQ's own version.
inline constexpr std::string_view version = "0.1.0";

}  // namespace pocketmq::broker
