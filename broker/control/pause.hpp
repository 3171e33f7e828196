// Pause and step, for tests and teaching: the commands of clients wait, and are carried out one by one, by the choice
// of the one who steps. So it is decided who wins a race.
//
// While paused, the broker takes nothing from clients but handshakes, so that clients can still connect. Each open
// connection waits with its first command; the next one is taken when that one is carried out. Everything else goes on:
// what follows from the commands is sent, the broker's clock runs (freeze it as well if nothing is to expire),
// heartbeats are sent, and no connection is timed out. A pause ends for a connection that ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/session/broker.hpp"
#include "broker/session/command_gate.hpp"

namespace pocketmq::broker {

/// All calls are made on the broker's thread, and not by a subscriber of the journal.
class Pause final : private CommandGate {
 public:
  /// A command of a client.
  struct Waiting {
    std::uint64_t connection{0};
    std::uint16_t channel{0};
    std::string_view method{};  // AMQP's name

    friend bool operator==(const Waiting&, const Waiting&) = default;
  };

  /// The broker must outlive it.
  explicit Pause(Broker& broker);
  Pause(const Pause&) = delete;
  Pause& operator=(const Pause&) = delete;
  /// All that waits goes on.
  ~Pause();

  /// The commands of the virtual host's connections wait from now on; without a scope, those of all.
  void pause(const std::optional<std::string>& scope = std::nullopt);
  [[nodiscard]] bool is_paused() const { return all_ || !scopes_.empty(); }
  /// The commands that wait, one a connection, those that came first first.
  [[nodiscard]] std::vector<Waiting> waiting() const;
  /// Carries out at most `count` waiting commands, one after the other: those of the connection; without one, always
  /// the one that came first. Returns those that it has carried out: fewer than `count` if no more wait yet. What a
  /// client has sent behind its waiting command may be read only in the broker's next turn. Throws ControlError of kind
  /// `conflict` if nothing is paused.
  std::vector<Waiting> step(std::optional<std::uint64_t> connection = std::nullopt, std::size_t count = 1);
  /// Ends the pause of the scope; without one, each pause. What waits is carried out in the broker's next turns.
  void resume(const std::optional<std::string>& scope = std::nullopt);

 private:
  // By the order in which they came.
  using Order = std::uint64_t;
  struct Held {
    Session* session;
    Waiting command;
    std::string scope;
  };

  [[nodiscard]] bool is_paused(std::string_view virtual_host) const;
  Verdict on_received(Session& session, protocol::Command& command) override;
  Verdict on_sent(Session&, const protocol::Command&) override { return Verdict::pass; }
  void on_ended(Session& session) override;

  Broker& broker_;
  bool all_{false};
  std::set<std::string, std::less<>> scopes_;
  Order came_{0};
  std::map<Order, Held> held_;
};

}  // namespace pocketmq::broker
