// The broker's end of a connection's handshake: log-in, negotiation, and the virtual host (AMQP 0-9-1, 2.2.4). A table
// in handshake.cpp lists its states, and the command that leads from each to the next. A JSON client needs one step
// only, or none.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "broker/access/sasl.hpp"
#include "broker/access/users.hpp"
#include "broker/core/errors.hpp"
#include "broker/vhost/virtual_host.hpp"
#include "protocol/vocabulary/command.hpp"
#include "protocol/vocabulary/encoding.hpp"

namespace pocketmq::broker {

struct BrokerState;

/// Where a connection comes from.
struct Peer {
  std::string name;                // address and port, for people
  std::string source{};            // failed log-ins are counted for each source; if empty, they are not counted
  bool from_loopback{true};        // guest may log in from there only
  std::string certificate_name{};  // the name that the peer has proved by TLS; empty for none
};

/// What the handshake finds out about the client.
struct Client {
  std::string name{};                         // `connection_name` of its properties; empty if it has none
  std::shared_ptr<const User> user{};         // null until it has logged in
  protocol::Ref<VirtualHost> virtual_host{};  // null until it is open
  std::uint16_t channel_max{0};               // as negotiated
  bool understands_consumer_cancel{false};    // capability consumer_cancel_notify
  bool understands_blocked{false};            // capability connection.blocked
  bool understands_refused_login{false};      // capability authentication_failure_close: it wants a 403 first
};

class Handshake {
 public:
  /// What a handshake needs from its connection.
  class Connection {
   public:
    virtual void send_answer(const protocol::Command& command) = 0;
    /// The client has chosen the largest frame (in AMQP; 0 for no limit) and the heartbeat interval.
    virtual void tune_frame_max(std::uint32_t bytes) = 0;
    virtual void keep_heartbeats(std::chrono::seconds interval) = 0;
    /// Sets the deadline of the handshake. When it has passed, the connection calls `Handshake::release_login` if a
    /// log-in is held; otherwise the connection ends.
    virtual void wait_for_handshake(std::chrono::milliseconds time) = 0;
    /// The virtual host is open. Of the handshake only the last answer is missing.
    virtual void on_opened() = 0;
    /// The log-in was refused, and the client would not read the reason. The connection ends.
    virtual void cut_for_refused_login(std::string_view why) = 0;

   protected:
    ~Connection() = default;
  };

  /// What became of a command.
  enum class Result : std::uint8_t {
    taken,     // it was a step of the handshake
    skipped,   // a JSON client has skipped the handshake: it is open now, and the command is still to be carried out
    postponed  // the log-in has to wait: offer the command again after `release_login`
  };

  /// All arguments must outlive it. `client.channel_max` is what the broker offers.
  Handshake(BrokerState& broker, const Peer& peer, Client& client, Connection& connection);

  /// The client's first bytes have told its encoding. Sends connection.start to an AMQP client.
  void begin(protocol::Encoding encoding);
  /// Reads what the command says about the client. Call it before the observer is told of the command, so that the
  /// observer knows the client from its first command on.
  void read_client_properties(const protocol::Command& command);
  /// Takes the client's next command. Throws ConnectionError if the handshake does not await this command, or refuses
  /// it.
  [[nodiscard]] Result take(const protocol::Command& command);
  /// A JSON client has skipped the handshake: it logs in as guest and opens "/". Throws ConnectionError if that is
  /// refused.
  [[nodiscard]] Result enter_as_guest();

  /// Whether the client has not logged in yet.
  [[nodiscard]] bool is_starting() const { return state_ == State::starting; }
  /// Whether a log-in waits because many from its address have failed (login_throttle.hpp).
  [[nodiscard]] bool is_login_held() const { return is_login_held_; }
  /// The held log-in need not wait any more. Offer its command to `take` again.
  void release_login();

 private:
  enum class State : std::uint8_t { starting, tuning, opening, open };
  struct Step;
  static const Step steps[];

  [[nodiscard]] const Step& require_step(const protocol::Command& command) const;
  [[nodiscard]] Result carry_out(const Step& step, const protocol::Command& command);

  // The steps. Each returns whether it was completed.
  [[nodiscard]] bool on_start_ok(const protocol::Command& command);
  [[nodiscard]] bool on_tune_ok(const protocol::Command& command);
  [[nodiscard]] bool on_open(const protocol::Command& command);
  [[nodiscard]] bool on_json_open(const protocol::Command& command);

  [[nodiscard]] bool log_in(const Credentials& credentials, std::string_view mechanism);
  void refuse_login(const Credentials& credentials, std::string_view mechanism, std::string_view why);
  void open(std::string_view virtual_host);

  BrokerState& broker_;
  const Peer& peer_;
  Client& client_;
  Connection& connection_;
  protocol::Encoding encoding_{protocol::Encoding::amqp};
  State state_{State::starting};
  bool is_login_held_{false};   // the log-in waits
  bool was_login_held_{false};  // the log-in has waited, and is now carried out
};

}  // namespace pocketmq::broker
