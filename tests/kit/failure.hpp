// What the test kit throws. Every test framework reports it as a failure of the test.
#pragma once

#include <stdexcept>

namespace pocketmq::testkit {

/// An expectation that did not hold, or a call that cannot be carried out. `what()` says what happened, why, and with
/// which seed.
class Failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace pocketmq::testkit
