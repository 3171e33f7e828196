// The two encodings of the methods.
#pragma once

#include <cstdint>

namespace pocketmq::protocol {

enum class Encoding : std::uint8_t { json, amqp };

}  // namespace pocketmq::protocol
