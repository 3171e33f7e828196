// Events for another thread: copies of them, which wait in a bounded number of bytes.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <vector>

#include "broker/events/journal.hpp"

namespace pocketmq::broker {

class EventMailbox {
 public:
  static constexpr std::size_t default_max_bytes = 4 << 20;

  /// Made and destroyed on the broker's thread. `journal` outlives it. If more than `max_bytes` wait, events are
  /// missing, and a `gap` is in their place.
  explicit EventMailbox(Journal& journal, const Journal::SubscribeOptions& options = {},
                        std::size_t max_bytes = default_max_bytes);
  EventMailbox(const EventMailbox&) = delete;
  EventMailbox& operator=(const EventMailbox&) = delete;
  ~EventMailbox() = default;

  /// On any thread: takes all events that wait. If there are none it waits for one, up to `wait`; what is returned is
  /// empty if none came.
  [[nodiscard]] std::vector<StoredEvent> take(std::chrono::milliseconds wait);

 private:
  // Events that there was no room for.
  struct Missing {
    std::uint64_t from;
    std::uint64_t to;
    event::Time time;
  };

  void put(const Entry& entry);
  void put_gap();

  const std::size_t max_bytes_;
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<StoredEvent> waiting_;
  std::size_t bytes_{0};
  std::optional<Missing> missing_;
  Subscription subscription_;  // the last member, so that it ends first
};

}  // namespace pocketmq::broker
