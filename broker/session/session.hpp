// The broker's end of one connection. Its handshake and its channels carry out the client's commands. The session
// decides when the client has to wait and when the connection ends.
#pragma once

#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/channel/channel_host.hpp"
#include "broker/core/context.hpp"
#include "broker/session/channel_table.hpp"
#include "broker/session/command_gate.hpp"
#include "broker/session/handshake.hpp"
#include "broker/session/session_events.hpp"
#include "broker/vhost/deferred_deletions.hpp"
#include "protocol/base/move_only_function.hpp"
#include "protocol/end/command_end.hpp"

namespace pocketmq::broker {

class OwnedCommand;
struct BrokerState;
struct GatedTraffic;

class Session final : public protocol::CommandEnd,
                      public ChannelHost,
                      private Handshake::Connection,
                      private MemoryWaiter,
                      private Intake::Reader,
                      private Backlog::Item,
                      private DeferredDeletions::Waiter {
 public:
  /// `broker` must outlive the session.
  Session(BrokerState& broker, Peer peer, TimePoint now);
  ~Session() override;

  /// Never 0. No other session of the broker ever has the same number.
  [[nodiscard]] std::uint64_t number() const override { return number_; }
  /// What the client calls itself (`connection_name` of its client_properties), otherwise its address.
  [[nodiscard]] const std::string& name() const { return client_.name.empty() ? peer_.name : client_.name; }
  /// The peer's address and port, for people.
  [[nodiscard]] const std::string& address() const { return peer_.name; }
  [[nodiscard]] bool is_lost() const override { return is_lost_; }
  [[nodiscard]] bool has_logged_in() const { return client_.user != nullptr; }
  /// The user that has logged in. Call it only after `has_logged_in`.
  [[nodiscard]] const User& user() const override { return *client_.user; }
  /// The virtual host that was opened. Call it only after the handshake.
  [[nodiscard]] VirtualHost& virtual_host() const override { return *client_.virtual_host; }
  /// Whether it has opened that virtual host. It may be ending.
  [[nodiscard]] bool has_opened(const VirtualHost& virtual_host) const {
    return client_.virtual_host.get() == &virtual_host;
  }
  [[nodiscard]] Context& context() const { return context_; }
  [[nodiscard]] DirectReplies& direct_replies() const override;
  [[nodiscard]] bool understands_consumer_cancel() const override { return client_.understands_consumer_cancel; }
  [[nodiscard]] Holdings holdings() const;

  // ---- for code that shows the connection
  /// The client has opened its virtual host, and neither side closes the connection.
  [[nodiscard]] bool is_open() const { return state_ == State::open && !finished(); }
  /// Whether the journal has told that the connection is open, and not that it has ended.
  [[nodiscard]] bool is_told() const { return events_.is_open(); }
  /// Call it only if it is open or in its handshake.
  [[nodiscard]] protocol::Encoding encoding() { return codec().encoding(); }
  /// Memory is scarce, and the client waits; or a gate has blocked it.
  [[nodiscard]] bool is_blocked() const { return waits_for_memory() || is_blocked_by_gate(); }
  /// Calls `visit(const Channel&)` for each open channel, by its number.
  void for_each_channel(auto&& visit) const { channels_.for_each(visit); }

  void send_answer(const protocol::Command& command) override;
  void send_unasked(const protocol::Command& command) override;
  [[nodiscard]] bool has_room_for_output() override;
  void report_confirms_later(std::uint16_t channel) override;
  void end_turn() override;
  void begin_work(std::uint16_t channel) override;
  void own(Queue& queue) override;
  void fail(std::uint16_t channel, const ChannelError& error) override;
  /// Sends connection.close with the reason. The connection ends when the peer has answered.
  void close(ReplyCode code, std::string_view text);
  /// Closes the connection with 320 (connection forced). If it is ending already, only takes back what it holds.
  void force_out(std::string_view text);
  void disconnect(std::error_code why, TimePoint now) override;
  [[nodiscard]] bool resets() const override;

  // ---- for gates (command_gate.hpp); the definitions are in session_gates.cpp. These may also be called while a
  // command is being sent:

  /// The name of the virtual host that the client has opened or opens with this command; empty if that is not known
  /// yet.
  [[nodiscard]] std::string_view virtual_host_of(const protocol::Command& command) const;
  /// Null unless the channel is open.
  [[nodiscard]] Channel* find_channel(std::uint16_t number) const { return channels_.find(number); }
  /// Calls `action` when the current command is carried out, or at the end of the turn. It is not called if the
  /// connection ends before.
  void act_soon(protocol::MoveOnlyFunction<void()> action);
  /// Cuts the connection at the end of the turn, as `how` says. From now on nothing is read and sent. What waits to be
  /// sent is sent. `why` is for the journal.
  void cut(Cut how, std::string why);
  /// Sends at most that many bytes of the command, without asking a gate.
  void send_part(const protocol::Command& command, std::size_t max_bytes);
  /// From now on what is sent waits, at least until the broker's clock shows `until`. So the order is kept.
  void delay_output(TimePoint until);
  /// Sends the command after the next one.
  void send_after_next(const protocol::Command& command);

  // These must not:

  /// Lets go a command for which a gate has said `hold`: it is carried out in a later turn. Does nothing if none is
  /// held.
  void release_command();
  /// The same at a time of the broker's clock. Call it before the gate says `hold`.
  void release_command_at(TimePoint at);
  /// The same, at once. Returns whether the command was carried out: it may have to wait for memory.
  bool carry_out_held_command();
  /// Carries out a copy of the command after the command, or after the next command. Gates are not asked about it.
  void carry_out_twice(const protocol::Command& command);
  void carry_out_after_next(const protocol::Command& command);
  /// Publishes have to wait, as while memory is scarce, until `unblock` or until the broker's clock shows `until`.
  /// Sends connection.blocked to a client that understands it. Call it only if the connection is open.
  void block(std::string_view reason, TimePoint until = TimePoint::max());
  void unblock();

 private:
  enum class State : std::uint8_t {
    handshaking,  // see Handshake
    open,
    leaving,  // the client sent close; the broker answers when its exclusive queues are gone
    closing   // the broker sent close and awaits close-ok; or the connection is finished
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

  /// Whether memory is scarce and the client cannot free memory through this connection.
  [[nodiscard]] bool has_to_wait() const;
  [[nodiscard]] bool has_to_wait_with(const protocol::Command& command) const;
  /// Waits until memory is no longer scarce. Sends connection.blocked to a client that understands it.
  void block_client();
  /// Takes no more commands from the peer until the next slice.
  void wait_for_next_slice();
  bool go_on() override;
  void resume_if_possible();
  void memory_is_back() override { wake(); }
  void on_admitted() override { wake(); }
  /// Part of a command has come: decides whether the rest is read.
  void on_partial_command();

  // The handshake, and what it asks of the connection.
  /// Carries out a step of the handshake. Returns true if the client has skipped the handshake: then the command is
  /// still to be carried out.
  [[nodiscard]] bool shake_hands(protocol::Command& command);
  [[nodiscard]] bool may_skip_handshake();
  void enter_as_guest();
  [[nodiscard]] bool is_login_held() const { return handshake_ && handshake_->is_login_held(); }
  void tune_frame_max(std::uint32_t bytes) override;
  void keep_heartbeats(std::chrono::seconds interval) override;
  void wait_for_handshake(std::chrono::milliseconds time) override;
  void on_opened() override;
  void cut_for_refused_login(std::string_view why) override;

  /// Holds the peer, and keeps the command. The command is carried out again after `resume`.
  void postpone(protocol::Command& command);
  [[nodiscard]] std::size_t bytes_without_body(const protocol::Command& command) const;
  template <class M> void dispatch(protocol::Command& command, M& method);
  void on_connection_command(const protocol::Command& command);
  void close_channel(std::uint16_t number, const ChannelError& error, const protocol::MethodId& cause);
  void close(ReplyCode code, std::string_view text, const protocol::MethodId& cause);
  void tell_lost(std::string_view why);
  void release();
  void on_deleted() override;
  void answer_close();
  void finish_when_sent();

  // What gates ask for.
  [[nodiscard]] GatedTraffic& gated();
  [[nodiscard]] bool is_blocked_by_gate() const;
  /// Asks the gates, if the command `is_retried` only those that have not been asked. Returns whether the command is to
  /// be carried out now.
  [[nodiscard]] bool passes_gates(protocol::Command& command, bool is_retried);
  void send_through_gates(const protocol::Command& command);
  void send_bytes(std::string_view bytes);
  void send_delayed();
  [[nodiscard]] bool has_room_beside_delayed() const;
  /// Whether a gate wants that nothing is read now.
  [[nodiscard]] bool is_kept_held() const;
  void carry_out_copy(std::unique_ptr<OwnedCommand> copy);
  void do_what_gates_asked();
  void carry_out_cut();
  void tell_blocked(std::string_view reason);
  void tell_unblocked();

  BrokerState& broker_;
  Context& context_;
  const std::uint64_t number_;
  Peer peer_;
  SessionEvents events_;
  Client client_;
  std::unique_ptr<Handshake> handshake_;  // until the connection is open or ends
  State state_{State::handshaking};
  std::optional<Quota::Use> connection_use_;  // counts it among the open connections
  bool is_lost_{false};
  bool output_was_full_{false};
  std::size_t steps_for_16_bytes_{steps::for_16_bytes_of_amqp};
  bool is_retried_{false};                // the observer was told of the next command before
  Channel* working_{nullptr};             // the channel whose work takes more than a slice; null for none
  std::list<std::string> cleaned_names_;  // names of the current command, without their line ends
  ChannelTable channels_;
  std::vector<protocol::Ref<Queue>> owned_;
  std::size_t next_to_prune_{0};         // an index of `owned_`
  std::unique_ptr<GatedTraffic> gated_;  // null unless a gate has asked for something
};

}  // namespace pocketmq::broker
