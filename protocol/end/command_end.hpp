// What both ends of a connection have in common: bytes become commands and commands bytes, heartbeats are kept, and a
// peer that does not read is not read from.
//
// The broker's session and the client's connection say what a command means.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "protocol/codec/codec.hpp"
#include "protocol/end/connection_end.hpp"

namespace pocketmq::protocol {

class CommandEnd : public ConnectionEnd {
 public:
  [[nodiscard]] std::span<std::byte> prepare() final;
  void commit(std::size_t bytes, TimePoint now) final;
  [[nodiscard]] bool wants_input() const final;
  [[nodiscard]] bool wants_rest() const final { return codec_ && codec_->has_begun_content(); }
  [[nodiscard]] const Output& output() const final { return output_; }
  void sent(std::size_t bytes, TimePoint now) final;
  void tick(TimePoint now) final;
  [[nodiscard]] TimePoint deadline() const final;
  [[nodiscard]] bool finished() const final { return finished_; }

 protected:
  CommandEnd(const Limits& limits, TimePoint now)
      : limits_{limits}, now_{now}, input_{limits.input_at_once_bytes}, last_received_{now}, last_sent_{now} {}

  /// A whole command came. Its views are valid until this returns.
  virtual void on_command(Command& command) = 0;
  /// The peer broke the protocol; the end is finished after this.
  virtual void on_violation(const Violation& violation) = 0;
  /// Bytes came and no codec is in use yet: choose one with `use`, consume, wait for more, or finish.
  virtual void on_bytes_without_codec(InputBuffer&) {}
  /// The time was observed: the first thing that commit, sent and tick do.
  virtual void on_time(TimePoint) {}
  /// Output was sent.
  virtual void on_sent() {}
  /// All that came has been taken, and perhaps a part of a command is left.
  virtual void on_input_taken() {}
  /// How long a peer may leave a command half-way, and send less than `progress_min_bytes` of it, before `on_stall`;
  /// 0 for ever. The time in which it is held does not count. Other commands do not count as progress with a content.
  [[nodiscard]] virtual std::chrono::milliseconds stall_max() const { return {}; }
  [[nodiscard]] virtual std::uint32_t progress_min_bytes() const { return 0; }
  virtual void on_stall() {}
  /// The end's own time-out is due, see `own_deadline`.
  virtual void on_own_deadline() {}
  /// The peer was silent for two heartbeat intervals, or its reading made no progress: the end is finished after this.
  virtual void on_time_out(std::string_view) {}

  void use(std::unique_ptr<Codec> codec) { codec_ = std::move(codec); }
  [[nodiscard]] bool has_codec() const { return codec_ != nullptr; }
  /// The codec in use.
  [[nodiscard]] Codec& codec() { return *codec_; }
  /// Bytes that came and were not taken: at `on_input_taken` and `on_stall`, those of a frame that is not whole.
  [[nodiscard]] std::size_t unread_bytes() const { return input_.unread().size(); }
  /// In `on_command`: bytes of the input that the command took. What came of it before, or was read straight into its
  /// body, is not in it.
  [[nodiscard]] std::size_t command_bytes() const { return command_bytes_; }
  /// Bytes that are still to come of what is half-way, see Codec.
  [[nodiscard]] std::uint64_t left_to_come() const { return codec_->left_to_come(input_); }
  /// From now on the input's memory is charged to the one account and the output's to the other. They outlive this.
  void charge_to(MemoryAccount& input, MemoryAccount& output) {
    input_.charge_to(input);
    output_.charge_to(output);
  }
  /// The output, for what is sent without a codec.
  [[nodiscard]] Output& raw_output() { return output_; }

  /// Encodes a command to the output, and has the transport woken.
  void send(const Command& command);
  /// Sends at least a heartbeat each half `interval` from now on, and finishes after two silent ones; 0 for neither.
  void keep_heartbeats(std::chrono::seconds interval);
  /// A time-out of the derived end's own; nothing for none.
  void own_deadline(std::optional<TimePoint> at) { own_deadline_ = at; }
  /// Holds the peer: until `resume` no command is handed on and nothing is read. For `on_command` and `on_input_taken`.
  /// One that is held for long gets heartbeats, whether it asked for them or not.
  void hold();
  /// Holds the peer in `on_command`, and takes that command, to hand it on again after `resume`.
  void hold(Command& command);
  [[nodiscard]] bool is_held() const { return held_; }
  void resume();
  /// Whether it is no sign of death that the peer reads nothing.
  void peer_may_stall(bool may) { peer_may_stall_ = may; }
  /// What is in the output is still sent; nothing more is read.
  void finish();

  [[nodiscard]] const Limits& limits() const { return limits_; }
  /// The time last observed.
  [[nodiscard]] TimePoint now() const { return now_; }

 private:
  void observe(TimePoint now);
  void process();
  void time_out(std::string_view why);
  [[nodiscard]] TimePoint write_stall_deadline() const;
  [[nodiscard]] TimePoint read_stall_deadline() const;
  [[nodiscard]] TimePoint probe_deadline() const;
  void note_progress(bool took_command);

  const Limits limits_;
  TimePoint now_;
  InputBuffer input_;
  Output output_;
  std::unique_ptr<Codec> codec_;
  std::size_t command_bytes_{0};
  std::unique_ptr<Command> waiting_;  // to be handed on again, after `resume`; the input behind it stays where it is
  std::chrono::milliseconds heartbeat_{0};  // half a second is half of the shortest one
  TimePoint last_received_;
  TimePoint last_sent_;
  std::optional<TimePoint> blocked_since_;  // a write would have blocked, and none has made progress since
  std::optional<TimePoint> own_deadline_;
  TimePoint held_since_;
  TimePoint half_way_since_{TimePoint::max()};  // with a command, or since it made progress with it
  std::uint32_t progress_bytes_{0};             // since then
  bool finished_{false};
  bool processing_{false};
  bool held_{false};
  bool peer_may_stall_{false};
};

}  // namespace pocketmq::protocol
