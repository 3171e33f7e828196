// The channels of a connection, by their numbers (AMQP 0-9-1, 1.5). Opens and closes them, and passes on what concerns
// all of them.
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
  /// Both arguments must outlive it.
  ChannelTable(ChannelHost& connection, Context& context) : connection_{connection}, context_{context} {}
  ChannelTable(const ChannelTable&) = delete;
  ChannelTable& operator=(const ChannelTable&) = delete;

  /// The client opens a channel. ConnectionError 504 if the channel is open already, 530 at `channel_max`, 506 if the
  /// objects of the broker fill the memory mark.
  void open(std::uint16_t number, std::uint16_t channel_max);
  /// The client closes a channel. ConnectionError 504 unless it is open.
  void close(std::uint16_t number);
  /// The client has answered the broker's close of that channel. ConnectionError if the broker sent none.
  void on_close_answered(std::uint16_t number);
  /// An error closes the channel. Until the client has answered the broker's close, everything else that the client
  /// sends on the channel is ignored.
  void close_for_error(std::uint16_t number);

  /// Returns the channel that has to carry out the client's command; null if the command is to be ignored.
  /// ConnectionError 504 unless the channel is open.
  [[nodiscard]] Channel* require(std::uint16_t number) const;
  /// Null unless the channel is open.
  [[nodiscard]] Channel* find(std::uint16_t number) const;

  /// The channel has confirms to report. Returns whether it is the first channel since the last `report_confirms`.
  bool report_confirms_later(std::uint16_t number);
  void report_confirms();
  /// The connection has room for output again.
  void ask_waiting_consumers();
  /// Whether the client may free memory through one of its channels.
  [[nodiscard]] bool may_free_memory() const;
  void add_to(Holdings& holdings) const;
  /// Calls `visit(const Channel&)` for each open channel, by its number.
  void for_each(auto&& visit) const {
    for (const auto& [number, channel] : channels_)
      if (channel) visit(*channel);
  }
  /// Ends all channels. All consumers are stopped before the first message is requeued, so that no message comes back
  /// to this connection. Returns the consumers; the caller has to remove them from their queues.
  [[nodiscard]] std::vector<Consumers> end_all();

 private:
  void tell_closed(std::uint16_t number, event::By by) const;

  // Null for a channel that an error has closed, until the client's close-ok.
  using Channels = std::map<std::uint16_t, std::unique_ptr<Channel>>;

  [[nodiscard]] Channels::const_iterator require_known(std::uint16_t number) const;

  ChannelHost& connection_;
  Context& context_;
  Channels channels_;
  // The broker and the client have closed these channels at the same time. The channels are closed, and the client will
  // still answer the broker's close.
  std::set<std::uint16_t> crossed_closes_;
  std::vector<std::uint16_t> owing_confirms_;  // numbers of channels; some may be there twice, or closed by now
};

}  // namespace pocketmq::broker
