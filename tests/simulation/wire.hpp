// Joins a client's end of a connection and the broker's, in memory: bytes take their time, and all may go wrong that
// goes wrong with a network.
//
// Both ends are driven as `protocol::Transport` would: one that forgets to wake its transport is found out.
#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "client/link/connection_core.hpp"
#include "tests/simulation/dice.hpp"
#include "tests/support/received.hpp"

namespace pocketmq::broker {
class Session;
}

namespace pocketmq::simulation {

using protocol::TimePoint;

/// What becomes of a command on its way to the client.
enum class Fate { arrives, is_lost, comes_twice, comes_late };

/// What a wire asks and tells.
struct WireEvents {
  std::function<std::chrono::nanoseconds()> latency{};
  /// The client has sent a command; it need not arrive.
  std::function<void(const tests::Received&)> sent{};
  /// The broker has sent a command.
  std::function<Fate(const tests::Received&)> fate{};
};

class Wire final : private protocol::Waker {
 public:
  Wire(std::shared_ptr<client::ConnectionCore> client, std::unique_ptr<broker::Session> session,
       protocol::Encoding encoding, WireEvents events);
  ~Wire();

  // What may go wrong:

  /// Both ends learn at once that it is over.
  void cut(TimePoint now);
  /// The same, when that many more bytes have arrived at the broker, or at the client.
  void cut_after_bytes_to_broker(std::size_t bytes) { to_broker_.bytes_left = bytes; }
  void cut_after_bytes_to_client(std::size_t bytes) { to_client_.bytes_left = bytes; }
  void cut_no_more() { to_broker_.bytes_left = to_client_.bytes_left = std::numeric_limits<std::size_t>::max(); }
  /// From now on nothing arrives, and nobody is told.
  void freeze() { is_frozen_ = true; }

  /// Moves what has arrived, and sends what waits. Whether there was anything to do.
  bool take_turn(TimePoint now);
  [[nodiscard]] TimePoint deadline() const;
  void tick(TimePoint now);
  /// Both ends are gone.
  [[nodiscard]] bool is_over() const { return !client_ && !session_; }
  /// Whether it is this client's.
  [[nodiscard]] bool belongs_to(const client::ConnectionCore* client) const { return client_.get() == client; }

 private:
  struct Direction {
    std::deque<std::pair<TimePoint, std::string>> on_the_way;
    TimePoint latest{};  // when the last of it arrives
    std::size_t bytes_left{std::numeric_limits<std::size_t>::max()};
    std::optional<TimePoint> ends;  // the sender has closed
    tests::Speech overheard;

    // Nothing more arrives.
    void clear() {
      on_the_way.clear();
      latest = {};
      bytes_left = std::numeric_limits<std::size_t>::max();
      ends.reset();
    }
  };

  void wake() override { woken_ = true; }
  void put_on_the_way(Direction& direction, std::string bytes, TimePoint now);
  void arrive(Direction& direction, protocol::ConnectionEnd& end, TimePoint now);
  std::string output_of(protocol::ConnectionEnd& end, TimePoint now);
  void send_from_client(TimePoint now);
  void send_from_broker(TimePoint now);
  void leave_when_finished(TimePoint now);
  void client_leaves(TimePoint now);
  void broker_leaves(TimePoint now);

  std::shared_ptr<client::ConnectionCore> client_;  // null once it has closed
  std::unique_ptr<broker::Session> session_;        // the same
  const WireEvents events_;
  Direction to_broker_, to_client_;
  std::size_t greeting_left_;  // bytes of AMQP's header, which is no command
  std::deque<std::pair<TimePoint, std::string>> late_;
  bool is_frozen_{false};
  bool woken_{true};
};

}  // namespace pocketmq::simulation
