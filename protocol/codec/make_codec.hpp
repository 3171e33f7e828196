// Makes the codec of an encoding.
#pragma once

#include <memory>

#include "protocol/codec/codec.hpp"

namespace pocketmq::protocol {

/// Incomplete contents are charged to `account`, if it is not null. The account must outlive the codec.
[[nodiscard]] std::unique_ptr<Codec> make_codec(Encoding encoding, const Limits& limits,
                                                MemoryAccount* account = nullptr);

}  // namespace pocketmq::protocol
