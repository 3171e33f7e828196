// What both ends of a connection have in common: bytes become commands, commands become bytes, heartbeats are sent and
// expected, and nothing is read from a peer that does not read.
//
// The broker's session and the client's connection derive from it and handle the commands.
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
  [[nodiscard]] bool wants_rest() const final { return codec_ && codec_->has_partial_content(); }
  [[nodiscard]] const Output& output() const final { return output_; }
  void sent(std::size_t bytes, TimePoint now) final;
  void tick(TimePoint now) final;
  [[nodiscard]] TimePoint deadline() const final;
  [[nodiscard]] bool finished() const final { return finished_; }
  /// Whether heartbeats are on, so that either side notices when nothing comes from the other.
  [[nodiscard]] bool has_heartbeats() const { return heartbeat_.count() != 0; }

 protected:
  CommandEnd(const Limits& limits, TimePoint now)
      : limits_{limits}, now_{now}, input_{limits.input_at_once_bytes}, last_received_{now}, last_sent_{now} {}

  /// A whole command came. Its views are valid until this function returns.
  virtual void on_command(Command& command) = 0;
  /// The peer violated the protocol. The end is finished after this call.
  virtual void on_violation(const Violation& violation) = 0;
  /// Bytes came before a codec is in use. The function may choose one with `use`, consume bytes, wait for more, or
  /// finish.
  virtual void on_bytes_without_codec(InputBuffer&) {}
  /// Called first by commit, sent and tick, with the current time.
  virtual void on_time(TimePoint) {}
  /// Output was sent.
  virtual void on_sent() {}
  /// All whole commands were handled. A part of a command may be left.
  virtual void on_input_taken() {}
  /// How long a peer may leave a command incomplete and send less than `progress_min_bytes` of it before `on_stall` is
  /// called; 0 for no limit. Time in which the peer is held does not count. While a content is incomplete, other
  /// commands do not count as progress.
  [[nodiscard]] virtual std::chrono::milliseconds stall_max() const { return {}; }
  [[nodiscard]] virtual std::uint32_t progress_min_bytes() const { return 0; }
  virtual void on_stall() {}
  /// The time of `own_deadline` has come.
  virtual void on_own_deadline() {}
  /// The peer was silent for two heartbeat intervals, or did not read. The end is finished after this call.
  virtual void on_time_out(std::string_view) {}

  void use(std::unique_ptr<Codec> codec) { codec_ = std::move(codec); }
  [[nodiscard]] bool has_codec() const { return codec_ != nullptr; }
  /// The codec in use.
  [[nodiscard]] Codec& codec() { return *codec_; }
  /// The bytes that came and were not decoded. In `on_input_taken` and `on_stall` they belong to an incomplete frame.
  [[nodiscard]] std::size_t unread_bytes() const { return input_.unread().size(); }
  /// In `on_command`: how many bytes of the input buffer the command took. Bytes that came earlier, or were read
  /// directly into the body, are not included.
  [[nodiscard]] std::size_t command_bytes() const { return command_bytes_; }
  /// How many bytes of incomplete commands are missing, see Codec.
  [[nodiscard]] std::uint64_t missing_bytes() const { return codec_->missing_bytes(input_); }
  /// Charges the memory of the input to the first account and that of the output to the second. They must outlive this.
  void charge_to(MemoryAccount& input, MemoryAccount& output) {
    input_.charge_to(input);
    output_.charge_to(output);
  }
  /// The output, for bytes that are sent without a codec.
  [[nodiscard]] Output& raw_output() { return output_; }

  /// Encodes a command into the output, and wakes the transport.
  void send(const Command& command);
  /// From now on sends a heartbeat after half an `interval` without output, and finishes after two intervals without
  /// input. 0 turns both off.
  void keep_heartbeats(std::chrono::seconds interval);
  /// Sets a deadline for the derived class, or clears it with nullopt.
  void own_deadline(std::optional<TimePoint> at) { own_deadline_ = at; }
  /// Holds the peer: until `resume`, nothing is read and no command is handled. Call it in `on_command` or
  /// `on_input_taken`. A peer that is held for long gets heartbeats, even if none were negotiated.
  void hold();
  /// Holds the peer in `on_command`, and keeps the command. After `resume`, `on_command` is called with it again.
  void hold(Command& command);
  [[nodiscard]] bool is_held() const { return held_; }
  void resume();
  /// If `may` is true, a peer that does not read is not timed out.
  void peer_may_stall(bool may) { peer_may_stall_ = may; }
  /// Ends the connection: the output is still sent, and nothing more is read.
  void finish();

  [[nodiscard]] const Limits& limits() const { return limits_; }
  /// The latest time that was observed.
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
  std::unique_ptr<Command> waiting_;        // handled again after `resume`; the input after it stays in the buffer
  std::chrono::milliseconds heartbeat_{0};  // milliseconds, because half of the shortest is half a second
  TimePoint last_received_;
  TimePoint last_sent_;
  std::optional<TimePoint> blocked_since_;  // a write would have blocked, and nothing was sent since
  std::optional<TimePoint> own_deadline_;
  TimePoint held_since_;
  TimePoint incomplete_since_{TimePoint::max()};  // since when a command is incomplete, or its last progress
  std::uint32_t progress_bytes_{0};               // bytes that came since then
  bool finished_{false};
  bool processing_{false};
  bool held_{false};
  bool peer_may_stall_{false};
};

}  // namespace pocketmq::protocol
