#include "broker/session/channel_table.hpp"

#include <algorithm>
#include <string>

namespace pocketmq::broker {

void ChannelTable::open(std::uint16_t number, std::uint16_t channel_max) {
  if (channels_.contains(number)) throw ConnectionError{ReplyCode::channel_error, "second 'channel.open' seen"};
  if (channels_.size() >= channel_max)
    throw ConnectionError{ReplyCode::not_allowed, "number of channels opened (" + std::to_string(channels_.size())
                                                      + ") has reached the negotiated channel_max ("
                                                      + std::to_string(channel_max) + ")"};
  if (!context_.memory().has_room_for_clients())
    throw ConnectionError{ReplyCode::resource_error, "cannot open a channel: " + context_.memory().describe()};
  channels_.emplace(number, std::make_unique<Channel>(connection_, context_, number));
  crossed_closes_.erase(number);
  context_.journal().tell(event::ChannelOpened{.connection = connection_.number(), .channel = number});
}

void ChannelTable::tell_closed(std::uint16_t number, event::By by) const {
  context_.journal().tell(event::ChannelClosed{.connection = connection_.number(), .channel = number, .by = by});
}

void ChannelTable::close(std::uint16_t number) {
  const auto found = require_known(number);
  if (found->second) {
    found->second->report_confirms();
    tell_closed(number, event::By::client);
  } else {
    crossed_closes_.insert(number);
  }
  channels_.erase(found);
}

void ChannelTable::on_close_answered(std::uint16_t number) {
  if (!channels_.contains(number) && crossed_closes_.erase(number) > 0) return;
  const auto found = require_known(number);
  if (found->second) return found->second->handle(protocol::channel::CloseOk{});  // which refuses it
  channels_.erase(found);
}

void ChannelTable::close_for_error(std::uint16_t number) {
  auto& closed = channels_.at(number);
  closed->report_confirms();
  tell_closed(number, event::By::broker);
  closed.reset();
}

ChannelTable::Channels::const_iterator ChannelTable::require_known(std::uint16_t number) const {
  const auto found = channels_.find(number);
  if (found == channels_.end()) throw ConnectionError{ReplyCode::channel_error, "expected 'channel.open'"};
  return found;
}

Channel* ChannelTable::require(std::uint16_t number) const { return require_known(number)->second.get(); }

Channel* ChannelTable::find(std::uint16_t number) const {
  const auto found = channels_.find(number);
  return found == channels_.end() ? nullptr : found->second.get();
}

bool ChannelTable::report_confirms_later(std::uint16_t number) {
  const bool is_first = owing_confirms_.empty();
  if (is_first || owing_confirms_.back() != number) owing_confirms_.push_back(number);
  return is_first;
}

void ChannelTable::report_confirms() {
  for (const auto number : owing_confirms_)
    if (auto* channel = find(number)) channel->report_confirms();
  owing_confirms_.clear();
}

void ChannelTable::ask_waiting_consumers() {
  for (auto& [number, channel] : channels_)
    if (channel) channel->ask_waiting_consumers();
}

bool ChannelTable::may_free_memory() const {
  return std::ranges::any_of(channels_, [this](const auto& numbered) {
    context_.budget().use(steps::for_checking_a_channel);
    return numbered.second && numbered.second->may_free_memory();
  });
}

void ChannelTable::add_to(Holdings& holdings) const {
  for (const auto& [number, channel] : channels_)
    if (channel) channel->add_to(holdings);
}

std::vector<Consumers> ChannelTable::end_all() {
  std::vector<Consumers> consumers;
  for (auto& [number, channel] : channels_) {
    if (!channel) continue;
    tell_closed(number, event::By::connection);
    if (auto stopped = channel->stop_consuming(); !stopped.empty()) consumers.push_back(std::move(stopped));
  }
  channels_.clear();
  return consumers;
}

}  // namespace pocketmq::broker
