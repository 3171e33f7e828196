// The channels of a connection, by their numbers (AMQP 0-9-1, 1.5): opening, closing, and what is asked of all of them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <vector>

#include "broker/channel/channel.hpp"
#include "broker/channel/channel_host.hpp"

namespace pocketmq::broker {

class ChannelTable {
 public:
  /// Both outlive it.
  ChannelTable(ChannelHost& connection, Context& context) : connection_{connection}, context_{context} {}
  ChannelTable(const ChannelTable&) = delete;
  ChannelTable& operator=(const ChannelTable&) = delete;

  /// The client opens a channel. ConnectionError 504 if it is open, 530 at `channel_max`, 506 if memory is low.
  void open(std::uint16_t number, std::uint16_t channel_max);
  /// The client closes a channel. ConnectionError 504 unless it is open.
  void close(std::uint16_t number);
  /// The client has answered the broker's close of that channel. ConnectionError if the broker sent none.
  void on_close_answered(std::uint16_t number);
  /// An error closes the channel. Until the client has answered that, all else that it sends on the channel is ignored.
  void close_for_error(std::uint16_t number);

  /// The channel that is to carry out the client's command; null if the command is to be ignored. ConnectionError 504
  /// unless the channel is open.
  [[nodiscard]] Channel* require(std::uint16_t number) const;
  /// Null unless it is open.
  [[nodiscard]] Channel* find(std::uint16_t number) const;

  /// That channel has confirms to report. Returns whether it is the first since the last report.
  bool report_confirms_later(std::uint16_t number);
  void report_confirms();
  /// The connection has room for output again.
  void ask_waiting_consumers();
  /// Whether a channel holds something by which its client may free memory.
  [[nodiscard]] bool may_free_memory() const;
  void add_to(Holdings& holdings) const;
  /// All channels end. No consumer takes anything any more when the first message is requeued, so that none comes back
  /// to this connection. The consumers are returned, and the caller is to remove them from their queues.
  [[nodiscard]] std::vector<Consumers> end_all();

 private:
  // Null for a channel that an error has closed, until the client's close-ok.
  using Channels = std::map<std::uint16_t, std::unique_ptr<Channel>>;

  [[nodiscard]] Channels::const_iterator require_known(std::uint16_t number) const;

  ChannelHost& connection_;
  Context& context_;
  Channels channels_;
  // The broker's close of these channels was crossed by the client's own. They are closed, and the client will still
  // answer the broker's close.
  std::set<std::uint16_t> crossed_closes_;
  std::vector<std::uint16_t> owing_confirms_;  // channels, perhaps twice, perhaps closed by now
};

}  // namespace pocketmq::broker
