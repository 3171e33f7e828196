// The codec of either encoding.
#pragma once

#include <memory>

#include "protocol/codec/codec.hpp"

namespace pocketmq::protocol {

/// What has come of a content that is not whole yet is charged to `account`, if there is one; it must outlive the
/// codec.
[[nodiscard]] std::unique_ptr<Codec> make_codec(Encoding encoding, const Limits& limits,
                                                MemoryAccount* account = nullptr);

}  // namespace pocketmq::protocol
