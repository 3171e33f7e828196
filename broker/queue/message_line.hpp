// A queue's messages that were never delivered, first in, first out, at eight bytes each where there is nothing to say
// about them but their order.
#pragma once

#include <cstdint>
#include <list>
#include <vector>

#include "broker/queue/queued_message.hpp"

namespace pocketmq::broker {

class MessageLine {
 public:
  [[nodiscard]] bool empty() const { return sections_.empty() || sections_.front().size() == 0; }

  /// The message's priority is the line's, and not kept.
  void push_back(QueuedMessage&& message);
  /// Only while there is one.
  [[nodiscard]] std::uint64_t first_position() const { return sections_.front().first_details().position; }
  [[nodiscard]] TimePoint first_expires_at() const { return sections_.front().first_details().expires_at; }
  [[nodiscard]] QueuedMessage pop_front();

 private:
  struct Details {
    std::uint64_t position{0};
    TimePoint expires_at{TimePoint::max()};
    std::uint32_t returns{0};
    bool redelivered{false};

    bool operator==(const Details&) const = default;
  };
  static constexpr std::size_t section_max = 512;

  // Of each only messages are kept as long as the others' details follow from the first one's position.
  struct Section {
    std::vector<Message> messages{};
    std::vector<Details> details{};  // of all of them, or empty
    std::uint64_t begins_at{0};      // the position of messages[0], without details
    std::size_t taken{0};            // from the front of `messages`

    [[nodiscard]] std::size_t size() const { return messages.size() - taken; }
    [[nodiscard]] Details plain(std::size_t index) const { return {.position = begins_at + index}; }
    [[nodiscard]] Details first_details() const { return details.empty() ? plain(taken) : details[taken]; }
  };

  [[nodiscard]] Section& section_with_room();

  std::list<Section> sections_;  // only the last may be empty
};

}  // namespace pocketmq::broker
