// A broker, the clients' ends of its connections, and a virtual clock, which moves only in `advance`.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "broker/core/options.hpp"
#include "tests/support/remote_end.hpp"

namespace pocketmq::broker {
class Broker;
class ConnectionObserver;
class Observer;
}  // namespace pocketmq::broker

namespace pocketmq::tests {

class Network {
 public:
  explicit Network(broker::Options options, broker::Observer* observer = nullptr,
                   broker::ConnectionObserver* log = nullptr);
  ~Network();

  /// A connection on which nothing has been sent. Without an encoding, what comes is kept as bytes.
  RemoteEnd& connect(std::optional<Encoding> encoding, bool from_loopback = true);

  /// Bytes move until all connections are quiet. Throws if they never are.
  void settle();
  /// Time passes; whatever is due on the way is done when it is due.
  void advance(std::chrono::nanoseconds duration);
  /// From now on what the broker leaves for later turns, as it does with very much work, waits for `take_turn`.
  void postpone_turns() { turns_are_postponed_ = true; }
  /// Does a turn's share of what is due. Whether anything was.
  bool take_turn();

  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] broker::Broker& broker() { return *broker_; }

 private:
  const std::unique_ptr<broker::Broker> broker_;
  TimePoint now_{std::chrono::hours{1}};
  bool turns_are_postponed_{false};
  std::vector<std::unique_ptr<RemoteEnd>> ends_;
};

}  // namespace pocketmq::tests
