// All encodings that the broker under test speaks, one after the other: a test case that asks runs once with each.
#pragma once

#include "protocol/codec/codec.hpp"
#include "tests/support/broker_under_test.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::client {

inline protocol::Encoding any_encoding() { return GENERATE(from_range(tests::encodings_under_test())); }

}  // namespace pocketmq::client
