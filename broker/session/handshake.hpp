// A connection's handshake, the broker's end: log-in, negotiation, and the virtual host (AMQP 0-9-1, 2.2.4). Its states
// and what moves them stand in a table in handshake.cpp. A JSON client needs one step only, or none.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "broker/access/sasl.hpp"
#include "broker/access/users.hpp"
#include "broker/core/errors.hpp"
#include "protocol/vocabulary/command.hpp"
#include "protocol/vocabulary/encoding.hpp"

namespace pocketmq::broker {

struct BrokerState;
class VirtualHost;

/// Where a connection comes from.
struct Peer {
  std::string name;           // address and port, for people
  std::string source{};       // failed log-ins are counted by it; empty: they are not counted
  bool from_loopback{true};   // guest may log in from there only
  std::string proved_name{};  // what the connection has proved of its peer, by TLS; empty for nothing
};

/// What the handshake finds out about the client.
struct Client {
  std::string name{};                       // `connection_name` of its properties; empty if it has none
  std::shared_ptr<const User> user{};       // once it has logged in
  VirtualHost* virtual_host{nullptr};       // once it is open
  std::uint16_t channel_max{0};             // as negotiated
  bool understands_consumer_cancel{false};  // capability consumer_cancel_notify
  bool understands_blocked{false};          // capability connection.blocked
  bool understands_refused_login{false};    // authentication_failure_close: it reads a 403 instead of a cut connection
};

class Handshake {
 public:
  /// The connection, as its handshake sees it.
  class Connection {
   public:
    virtual void send_answer(const protocol::Command& command) = 0;
    /// AMQP's tune-ok: the largest frame, 0 for any, and the heartbeat.
    virtual void tune_frame_max(std::uint32_t bytes) = 0;
    virtual void keep_heartbeats(std::chrono::seconds interval) = 0;
    /// Calls `Handshake::on_deadline` then.
    virtual void wait_for_handshake(std::chrono::milliseconds time) = 0;
    /// The virtual host is open: the handshake is over, but for its last answer.
    virtual void on_opened() = 0;
    /// The log-in was refused to a client that would not read why. The connection ends.
    virtual void cut_for_refused_login(std::string_view why) = 0;

   protected:
    ~Connection() = default;
  };

  /// What became of a command.
  enum class Result : std::uint8_t {
    taken,     // it was a step of the handshake
    skipped,   // a JSON client has skipped the handshake: it is open now, and the command is still to be carried out
    postponed  // the log-in has to wait: offer the command again after `on_deadline`
  };

  /// All outlive it. `client.channel_max` is what the broker offers.
  Handshake(BrokerState& broker, const Peer& peer, Client& client, Connection& connection);

  /// The first bytes said which encoding the client speaks. An AMQP client is sent connection.start.
  void begin(protocol::Encoding encoding);
  /// Reads what a command says of the client, before anything else: an observer knows the client from its first command
  /// on.
  void read_client_properties(const protocol::Command& command);
  /// Takes the client's next command. Throws ConnectionError for one that is not awaited, or that is refused.
  [[nodiscard]] Result take(const protocol::Command& command);
  /// A JSON client has skipped the handshake: it logs in as guest and opens "/". Throws ConnectionError if that is
  /// refused.
  [[nodiscard]] Result enter_as_guest();

  /// The client has not logged in yet.
  [[nodiscard]] bool is_starting() const { return state_ == State::starting; }
  /// Whether a log-in waits because many from its address have failed (login_brake.hpp).
  [[nodiscard]] bool is_login_held() const { return is_login_held_; }
  /// The log-in need not wait any more: offer its command again.
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
  bool is_login_held_{false};   // until its time has come;
  bool was_login_held_{false};  // then it is tried
};

}  // namespace pocketmq::broker
