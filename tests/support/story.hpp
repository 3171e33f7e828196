// Assertions that fail at a line of the test, not in the support code that checks them. (A story is the body of a
// test.)
#pragma once

#include <source_location>
#include <string>

namespace pocketmq::tests {

/// Where in the test. Verbs take it last, by default their caller's line.
using At = std::source_location;

/// An assertion of the test at that line. Where it does not hold, the test ends with `explanation`.
void require_at(At at, bool holds, const std::string& explanation);
[[noreturn]] void fail_at(At at, const std::string& explanation);

}  // namespace pocketmq::tests
