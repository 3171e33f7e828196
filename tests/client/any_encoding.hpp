// Both encodings, one after the other: a test case that asks runs once with each.
#pragma once

#include "protocol/codec.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::client {

inline protocol::Encoding any_encoding() { return GENERATE(protocol::Encoding::amqp, protocol::Encoding::json); }

}  // namespace pocketmq::client
