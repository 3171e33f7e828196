// Where a channel's consumers deliver to. They share it, and may outlive their channel: very many take some turns to
// go.
#pragma once

#include <list>

#include "protocol/base/counted.hpp"

namespace pocketmq::broker {

class Channel;
class Consumer;

struct DeliverySink : protocol::Counted<DeliverySink> {
  explicit DeliverySink(Channel& of) : channel{&of} {}

  Channel* channel;                // null once it has ended: its consumers take nothing any more
  std::list<Consumer*> waiting{};  // those that could take a message but for the channel or its connection, in line
};

}  // namespace pocketmq::broker
