#pragma once

#include <string_view>

namespace pocketmq::protocol {

/// PocketMQ's version. It is written here only: CMakeLists.txt reads this line.
inline constexpr std::string_view pocketmq_version = "0.1.0";

}  // namespace pocketmq::protocol
