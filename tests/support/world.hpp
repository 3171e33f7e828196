// A broker with a virtual clock and no sockets, and its clients. A test calls the clients' functions one after another:
//
//     World world;  // once in JSON, once in AMQP
//     auto alice = world.connect(), bob = world.connect();
//     alice.declares("q").publishes("q", {"one", "two"});
//     bob.prefetches(2).consumes("q").receives("one", "two");
//
// Every command goes through both ends' codecs as bytes. Nothing sleeps: `world.advance(30s)`.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "broker/core/options.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/client.hpp"
#include "tests/support/network.hpp"
#include "tests/support/story.hpp"

namespace pocketmq::broker {
class Queue;
}

namespace pocketmq::tests {

class StateCheck;

using namespace std::chrono_literals;

struct WorldSetup {
  std::optional<Encoding> encoding{};  // none: the test runs once in each
  broker::Options options{};
  broker::Observer* observer{nullptr};
  broker::ConnectionObserver* log{nullptr};
  /// At the world's end, what the journal's events add up to has to be what is in the broker, unless the test itself
  /// uses the journal's ring.
  bool checks_state{true};
};

/// How a client introduces itself.
struct Login {
  std::optional<Encoding> encoding{};  // none: the world's
  std::string user{"guest"};
  std::string password{"guest"};
  std::string virtual_host{"/"};
  std::string name{};  // connection_name
  std::chrono::seconds heartbeat{0};
  bool understands_cancel{true};    // capability consumer_cancel_notify
  bool wants_login_refused{true};   // capability authentication_failure_close
  bool understands_blocked{false};  // capability connection.blocked
  std::uint16_t channel_max{2047};
  std::uint32_t frame_max_bytes{131'072};
  bool from_loopback{true};
};

class World {
 public:
  World() : World{WorldSetup{}} {}
  explicit World(Encoding encoding) : World{WorldSetup{.encoding = encoding}} {}
  explicit World(WorldSetup setup);
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World();

  /// A client that is logged in and has channel 1 open.
  Client connect(const Login& login = {}, At at = At::current());
  /// One who has a connection and has sent nothing. Of the login, only encoding and place are looked at.
  Client arrive(const Login& login = {});
  /// One who sends and receives bytes.
  Client arrive_raw(const Login& login = {});

  /// Time passes; whatever is due on the way is done when it is due.
  void advance(std::chrono::nanoseconds duration) { network_.advance(duration); }
  /// Bytes move until all connections are quiet. The verbs of clients do it themselves.
  void settle() { network_.settle(); }
  /// From now on work that the broker leaves for later turns is done only in `take_turns`.
  void postpone_turns() { network_.postpone_turns(); }
  /// Takes turns until nothing is left to do now, and returns how many.
  int take_turns();

  [[nodiscard]] TimePoint now() const { return network_.now(); }
  [[nodiscard]] Encoding encoding() const { return encoding_; }
  [[nodiscard]] bool speaks_json() const { return encoding_ == Encoding::json; }
  [[nodiscard]] broker::Broker& broker() { return network_.broker(); }
  [[nodiscard]] bool has_queue(std::string_view name);
  [[nodiscard]] bool has_exchange(std::string_view name);
  /// Only with `checks_state`.
  [[nodiscard]] const StateCheck& state_check() const { return *state_check_; }
  /// Only one that is there.
  [[nodiscard]] const broker::Queue& queue(std::string_view name);

 private:
  const Encoding encoding_;
  const Catch::ScopedMessage told_in_;
  Network network_;
  std::unique_ptr<StateCheck> state_check_;  // null unless it checks the state
};

}  // namespace pocketmq::tests
