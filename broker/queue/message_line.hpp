// The messages of one priority of a queue that were never delivered: first in, first out. A message without details
// takes eight bytes.
#pragma once

#include <cstdint>
#include <list>
#include <vector>

#include "broker/queue/queued_message.hpp"

namespace pocketmq::broker {

class MessageLine {
 public:
  [[nodiscard]] bool empty() const { return sections_.empty() || sections_.front().size() == 0; }

  /// The message's priority is not stored; all messages of the line have the same.
  void push_back(QueuedMessage&& message);
  /// The first message's position and expiry. The line must not be empty.
  [[nodiscard]] std::uint64_t first_position() const { return sections_.front().first_details().position; }
  [[nodiscard]] TimePoint first_expires_at() const { return sections_.front().first_details().expires_at; }
  [[nodiscard]] QueuedMessage pop_front();
  /// Calls `visit(const Message&)` for each message in order, until it returns false. Returns whether it visited all.
  bool for_each(auto&& visit) const {
    for (const auto& section : sections_)
      for (auto i = section.taken; i < section.messages.size(); ++i)
        if (!visit(section.messages[i])) return false;
    return true;
  }

 private:
  struct Details {
    std::uint64_t position{0};
    TimePoint expires_at{TimePoint::max()};
    std::uint32_t returns{0};
    bool redelivered{false};

    bool operator==(const Details&) const = default;
  };
  static constexpr std::size_t section_max = 512;

  // A section stores details only if they differ from what follows from the first position: consecutive positions, no
  // expiry, no returns, not redelivered.
  struct Section {
    std::vector<Message> messages{};
    std::vector<Details> details{};  // of all messages, or empty
    std::uint64_t begins_at{0};      // the position of messages[0], if there are no details
    std::size_t taken{0};            // how many were taken from the front of `messages`

    [[nodiscard]] std::size_t size() const { return messages.size() - taken; }
    [[nodiscard]] Details plain(std::size_t index) const { return {.position = begins_at + index}; }
    [[nodiscard]] Details first_details() const { return details.empty() ? plain(taken) : details[taken]; }
  };

  [[nodiscard]] Section& section_with_room();

  std::list<Section> sections_;  // only the last may be empty
};

}  // namespace pocketmq::broker
