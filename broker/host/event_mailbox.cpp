#include "broker/host/event_mailbox.hpp"

#include <utility>

namespace pocketmq::broker {

EventMailbox::EventMailbox(Journal& journal, const Journal::SubscribeOptions& options, std::size_t max_bytes)
    : max_bytes_{max_bytes}, subscription_{journal.subscribe([this](const Entry& entry) { put(entry); }, options)} {}

std::vector<StoredEvent> EventMailbox::take(std::chrono::milliseconds wait) {
  std::unique_lock lock{mutex_};
  came_.wait_for(lock, wait, [this] { return !waiting_.empty() || missing_; });
  if (missing_) put_gap();
  bytes_ = 0;
  return std::exchange(waiting_, {});
}

void EventMailbox::put(const Entry& entry) {
  const std::lock_guard lock{mutex_};
  StoredEvent event{entry};
  if (bytes_ + event.size_bytes() > max_bytes_) {
    const auto* gap = entry.find<event::Gap>();
    if (!missing_) missing_ = Missing{.from = gap != nullptr ? gap->from : entry.number(), .to = 0, .time = {}};
    missing_->to = entry.number();
    missing_->time = entry.time();
  } else {
    if (missing_) put_gap();
    bytes_ += event.size_bytes();
    waiting_.push_back(std::move(event));
  }
  came_.notify_one();
}

void EventMailbox::put_gap() {
  const event::Gap gap{.from = missing_->from, .to = missing_->to};
  waiting_.emplace_back(gap.to, missing_->time, &gap);
  bytes_ += waiting_.back().size_bytes();
  missing_.reset();
}

}  // namespace pocketmq::broker
