// The broker that a testkit::Broker and its scopes share, and how they call it.
#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <optional>
#include <utility>

#include "broker/control/testbed.hpp"
#include "broker/embedded.hpp"
#include "broker/request/control_error.hpp"
#include "tests/kit/failure.hpp"

namespace pocketmq::testkit {

class TestedBroker {
 public:
  explicit TestedBroker(broker::Options options);
  TestedBroker(const TestedBroker&) = delete;
  TestedBroker& operator=(const TestedBroker&) = delete;
  ~TestedBroker();

  [[nodiscard]] broker::Embedded& embedded() { return embedded_; }

  /// Calls `f(broker::Testbed&)` on the broker's thread. A ControlError becomes a Failure.
  template <class F> auto inspect(F&& f) {
    try {
      return embedded_.inspect([&](broker::Broker&) { return f(*testbed_); });
    } catch (const broker::ControlError& error) {
      throw Failure{error.what()};
    }
  }
  /// Calls `begin(broker::Testbed&, done)` on the broker's thread, and waits until `done(result)` is called.
  template <class Result, class Begin> Result wait(Begin&& begin) {
    std::promise<Result> promise;
    auto result = promise.get_future();
    inspect([&](broker::Testbed& testbed) { begin(testbed, [&](const Result& value) { promise.set_value(value); }); });
    return result.get();
  }

 private:
  broker::Embedded embedded_;
  std::optional<broker::Testbed> testbed_;  // belongs to the broker's thread
};

}  // namespace pocketmq::testkit
