// A broker that may go and come, connections that may break, and a clock that goes when nothing else does. Nothing
// here knows of calls.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "client/link/timed.hpp"
#include "tests/simulation/agenda.hpp"
#include "tests/simulation/dice.hpp"
#include "tests/simulation/wire.hpp"

namespace pocketmq::broker {
class Broker;
}

namespace pocketmq::simulation {

class LossyNetwork {
 public:
  /// What it tells and asks while it lasts; of no interest are latencies.
  LossyNetwork(Dice& dice, protocol::Encoding encoding, WireEvents events);
  ~LossyNetwork();

  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] Dice& dice() { return dice_; }
  [[nodiscard]] protocol::Encoding encoding() const { return encoding_; }
  void in(std::chrono::nanoseconds delay, std::function<void()> task) { agenda_.at(now_ + delay, std::move(task)); }

  /// Connects it to the broker. False: there is none.
  bool join(std::shared_ptr<client::ConnectionCore> client);
  /// Its end is gone, as when its process is killed.
  void cut(const client::ConnectionCore* client);
  /// One of the connections, or null.
  [[nodiscard]] Wire* any_wire();
  /// What is cut or frozen stays so; nothing more is cut.
  void cut_no_more();
  /// The broker loses all connections and all that it knew.
  void broker_goes();
  void broker_comes();
  [[nodiscard]] broker::Broker& broker() { return *broker_; }

  /// From now on it is ticked when it is due.
  void attach(client::Timed& timed) { timed_.push_back(&timed); }
  void detach(client::Timed& timed) { std::erase(timed_, &timed); }

  /// All happens that is to happen by then.
  void run_until(TimePoint end);

 private:
  void settle();
  [[nodiscard]] TimePoint next() const;
  void tick_what_is_due();

  Dice& dice_;
  const protocol::Encoding encoding_;
  const WireEvents events_;
  TimePoint now_{std::chrono::hours{1}};
  Agenda agenda_;
  std::unique_ptr<broker::Broker> broker_;
  std::vector<std::unique_ptr<Wire>> wires_;
  std::vector<client::Timed*> timed_;
};

}  // namespace pocketmq::simulation
