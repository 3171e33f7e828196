// One connection, the broker's end: its handshake, its channels, and what ends it.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "broker/access/users.hpp"
#include "broker/core/context.hpp"
#include "broker/session/channel.hpp"
#include "broker/session/channel_host.hpp"
#include "broker/vhost/deferred_deletions.hpp"
#include "protocol/end/command_end.hpp"

namespace pocketmq::broker {

struct BrokerState;

/// Where a connection comes from.
struct Peer {
  std::string name;           // address and port, for people
  std::string source{};       // log-ins that fail are counted by it; empty: they are not
  bool from_loopback{true};   // guest may log in from there only
  std::string proved_name{};  // what the connection has proved of its peer, by TLS; empty for nothing
};

class Session final : public protocol::CommandEnd,
                      public ChannelHost,
                      private MemoryWaiter,
                      private Intake::Reader,
                      private Backlog::Item,
                      private DeferredDeletions::Waiter {
 public:
  /// `broker` must outlive the session.
  Session(BrokerState& broker, Peer peer, TimePoint now);
  ~Session() override;

  /// No other session of the broker ever has the same. Not 0.
  [[nodiscard]] std::uint64_t number() const override { return number_; }
  /// What the client calls itself (`connection_name` of its client_properties), otherwise its address.
  [[nodiscard]] const std::string& name() const { return client_name_.empty() ? peer_.name : client_name_; }
  /// Where it is, for people: its address and port.
  [[nodiscard]] const std::string& address() const { return peer_.name; }
  [[nodiscard]] bool has_logged_in() const { return user_ != nullptr; }
  /// Who has logged in. Only once somebody has.
  [[nodiscard]] const User& user() const override { return *user_; }
  /// The virtual host that was opened. Only once the handshake is over.
  [[nodiscard]] VirtualHost& virtual_host() const override { return *virtual_host_; }
  [[nodiscard]] Context& context() const { return context_; }
  [[nodiscard]] DirectReplies& direct_replies() const override;
  [[nodiscard]] bool understands_consumer_cancel() const override { return understands_consumer_cancel_; }
  [[nodiscard]] std::size_t channel_count() const { return channels_.size(); }
  [[nodiscard]] Holdings holdings() const;

  void send_answer(const protocol::Command& command) override;
  void send_unasked(const protocol::Command& command) override;
  [[nodiscard]] bool has_room_for_output() override;
  void report_confirms_of(const Channel& channel) override;
  void end_turn() override;
  void begin_work(Channel& channel) override;
  void own(Queue& queue) override;
  void fail(const Channel& channel, const ChannelError& error) override;
  /// Tells the peer why and ends, as `connection.close` says.
  void close(ReplyCode code, std::string_view text);
  void disconnect(std::error_code why, TimePoint now) override;

 private:
  // Null for a channel that an error closed: until its close-ok, all else on it is ignored.
  using ChannelSlot = std::unique_ptr<Channel>;
  enum class State : std::uint8_t {
    starting,  // AMQP: start was sent, start-ok is awaited; JSON: nothing has come
    tuning,    // tune was sent, tune-ok is awaited
    opening,   // connection.open is awaited
    open,
    leaving,  // the client's close is answered when its exclusive queues are gone
    closing   // close was sent, close-ok is awaited; or the end is finished
  };

  void on_bytes_without_codec(protocol::InputBuffer& input) override;
  void on_command(protocol::Command& command) override;
  void on_violation(const protocol::Violation& violation) override;
  void on_time(TimePoint now) override;
  void on_sent() override;
  void on_own_deadline() override;
  void on_time_out(std::string_view why) override { tell_lost(why); }
  void on_input_taken() override;
  [[nodiscard]] std::chrono::milliseconds stall_max() const override;
  [[nodiscard]] std::uint32_t progress_min_bytes() const override;
  void on_stall() override;

  /// Whether memory is scarce, and this connection has nothing by which it may free some.
  [[nodiscard]] bool has_to_wait() const;
  [[nodiscard]] bool has_to_wait_with(const protocol::Command& command) const;
  /// Waits until there is memory, and tells the client so, if it understands that. The peer is held.
  void wait();
  /// Until another slice nothing more is heard from the peer.
  void yield();
  bool go_on() override;
  void resume_if_possible();
  void memory_is_back() override { wake(); }
  void on_admitted() override { wake(); }
  void take_half_a_command();
  void enter_as_guest();
  [[nodiscard]] bool enter();

  void send_start();
  /// Holds the peer and takes the command, which is carried out again when it is resumed.
  void retry_later(protocol::Command& command);
  [[nodiscard]] std::size_t bytes_without_body(const protocol::Command& command) const;
  template <class M> void dispatch(protocol::Command& command, M& method);
  void on_connection_command(const protocol::Command& command);
  template <class M> void on_channel_command(protocol::Command& command, M& method);
  /// Whether the command is still to be carried out, because the handshake took none.
  [[nodiscard]] bool shake_hands(const protocol::Command& command);
  void on_start_ok(const protocol::connection::StartOk& m);
  void on_json_open(const protocol::connection::Open& m);
  /// Whether that went well; if not, it has been refused, or is held and tried again later.
  [[nodiscard]] bool log_in(const Credentials& credentials, std::string_view mechanism);
  void go_on_with_login();
  void know_client(const protocol::Command& command);
  void on_tune_ok(const protocol::connection::TuneOk& m);
  void open(std::string_view virtual_host);
  void open_channel(std::uint16_t number);
  void close_channel(std::uint16_t number, const ChannelError& error, const protocol::MethodId& cause);
  void close(ReplyCode code, std::string_view text, const protocol::MethodId& cause);
  void transmit(const protocol::Command& command);
  void report_confirms();
  void tell_lost(std::string_view why);
  void release();
  void on_deleted() override;
  void answer_close();

  BrokerState& broker_;
  Context& context_;
  const std::uint64_t number_;
  Peer peer_;
  std::string client_name_;  // empty until the client says what it calls itself
  std::shared_ptr<const User> user_;
  VirtualHost* virtual_host_{nullptr};
  State state_{State::starting};
  std::optional<Quota::Use> connection_use_;  // among the open connections
  bool understands_consumer_cancel_{false};
  bool understands_blocked_{false};
  bool wants_login_refused_{false};  // the client reads a 403 instead of a cut connection
  bool output_was_full_{false};
  std::size_t steps_for_16_bytes_{steps::for_16_bytes_of_amqp};
  bool is_retried_{false};                // the command that comes next was told of before
  Channel* working_{nullptr};             // who has begun what takes more than a slice
  std::list<std::string> cleaned_names_;  // of the command that is carried out
  bool login_is_held_{false};             // until its time has come;
  bool login_was_held_{false};            // then it is tried
  std::uint16_t channel_max_;
  std::map<std::uint16_t, ChannelSlot> channels_;
  std::vector<std::uint16_t> owing_confirms_;  // channels, perhaps twice, perhaps closed by now
  // Channels whose close was crossed by the client's own: they are closed, and our close will still be answered.
  std::set<std::uint16_t> crossed_closes_;
  std::vector<protocol::Ref<Queue>> owned_;
  std::size_t next_to_prune_{0};  // of these
};

}  // namespace pocketmq::broker
