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
#include "broker/session/handshake.hpp"
#include "broker/session/session_events.hpp"
#include "broker/vhost/deferred_deletions.hpp"
#include "protocol/end/command_end.hpp"

namespace pocketmq::broker {

struct BrokerState;

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
  /// Memory is scarce, and the client waits.
  [[nodiscard]] bool is_blocked() const { return waits_for_memory(); }
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
  std::size_t next_to_prune_{0};  // an index of `owned_`
};

}  // namespace pocketmq::broker
