#include "broker/events/journal.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace pocketmq::broker {

struct Subscription::Place {
  Journal* journal;
  Journal::Subscriber subscriber;
  Categories categories;
  std::uint64_t next_number;  // of the next event for which the subscriber is called
  bool has_ended{false};

  [[nodiscard]] bool wants(const Entry& entry) const {
    if (has_ended || entry.number() < next_number) return false;
    return categories.contain(entry.kind().category) || entry.find<event::Gap>() != nullptr;
  }
};

void Subscription::end() {
  const auto place = std::exchange(place_, {}).lock();
  if (place == nullptr || place->has_ended) return;
  place->has_ended = true;
  auto& journal = *place->journal;
  journal.has_ended_places_ = true;
  journal.clean_up();
}

// While this exists, subscribers may be running, or the ring may be read. Then no place is removed. Events that are
// told wait in `told_meanwhile_`, so the ring does not change while it is read.
class Journal::EventInProgress {
 public:
  explicit EventInProgress(Journal& journal) : journal_{journal} { ++journal_.telling_; }
  EventInProgress(const EventInProgress&) = delete;
  EventInProgress& operator=(const EventInProgress&) = delete;
  ~EventInProgress() {
    --journal_.telling_;
    journal_.clean_up();
  }

 private:
  Journal& journal_;
};

// The destructor of the ring frees memory. The event about that, memory.freed, must not be told any more.
Journal::~Journal() {
  assert(telling_ == 0);
  listened_to_ = {};
  for (const auto& place : places_) place->has_ended = true;  // what their functions hold may end subscriptions
}

// ---- telling

void Journal::tell_all(const Entry::Event& event) {
  if (telling_ > 0 || !told_meanwhile_.empty())
    told_meanwhile_.emplace_back(0, clock_.event_time(), event);
  else
    hand_out(clock_.event_time(), event);
  tell_rest();
}

void Journal::tell_rest() {
  while (telling_ == 0 && !told_meanwhile_.empty()) {
    const auto next = std::move(told_meanwhile_.front());
    told_meanwhile_.pop_front();
    next.look([this](const Entry& entry) { hand_out(entry.time(), entry.event()); });
  }
}

void Journal::hand_out(event::Time time, const Entry::Event& event) {
  const Entry entry{++last_number_, time, event};
  const EventInProgress telling{*this};  // also while the ring frees memory, which may be told
  if (ring_) ring_->append(entry);
  // A subscriber that is added meanwhile begins with the next event.
  for (std::size_t i = 0; i < places_.size(); ++i) {
    auto& place = *places_[i];
    if (!place.wants(entry)) continue;
    place.next_number = entry.number() + 1;
    place.subscriber(entry);
  }
}

// ---- subscribing

Subscription Journal::subscribe(Subscriber subscriber, const SubscribeOptions& options) {
  auto place = std::make_shared<Subscription::Place>(
      Subscription::Place{.journal = this,
                          .subscriber = std::move(subscriber),
                          .categories = options.categories,
                          .next_number = std::min(options.since.value_or(last_number_ + 1), last_number_ + 1)});
  places_.push_back(place);
  count_listeners();
  Subscription subscription{place};
  replay(*place);
  tell_rest();
  return subscription;
}

void Journal::replay(Subscription::Place& place) {
  if (place.next_number > last_number_) return;
  const EventInProgress telling{*this};
  const auto hand_over = [&place](const Entry& entry) {
    if (!place.wants(entry)) return;
    place.next_number = entry.number() + 1;
    place.subscriber(entry);
  };
  for (auto next = std::max<std::uint64_t>(place.next_number, 1); next <= last_number_ && !place.has_ended;)
    next = read(next, 1'000, hand_over);
  place.next_number = last_number_ + 1;
}

void Journal::count_listeners() {
  listened_to_ = ring_ ? Categories::all() : Categories{};
  for (const auto& place : places_)
    if (!place->has_ended) listened_to_.add(place->categories);
}

void Journal::clean_up() {
  if (telling_ > 0 || !std::exchange(has_ended_places_, false)) return;
  // The functions are destroyed last, because what they hold may call the journal again.
  std::vector<std::shared_ptr<Subscription::Place>> ended;
  std::erase_if(places_, [&ended](auto& place) {
    if (!place->has_ended) return false;
    ended.push_back(place);
    return true;
  });
  count_listeners();
}

// ---- the last events

void Journal::keep_last(std::size_t max_bytes) {
  assert(telling_ == 0);
  {
    const EventInProgress telling{*this};  // the ring frees memory, which may be told
    ring_.reset();
  }
  tell_rest();
  if (max_bytes > 0) ring_.emplace(memory_, max_bytes);
  count_listeners();
}

std::uint64_t Journal::first_number() const {
  const auto first = ring_ ? ring_->first_number() : 0;
  return first == 0 ? last_number_ + 1 : first;
}

std::uint64_t Journal::read(std::uint64_t from, std::size_t max_events, const LookAtEvent& look) {
  from = std::max<std::uint64_t>(from, 1);
  if (from > last_number_) return last_number_ + 1;
  {
    const EventInProgress telling{*this};
    if (const auto first = first_number(); from < first) {
      tell_gap(from, first - 1, look);
      from = first;
    }
    if (ring_) from = ring_->read(from, max_events, look);
  }
  tell_rest();
  return from;
}

void Journal::tell_gap(std::uint64_t from, std::uint64_t to, const LookAtEvent& look) const {
  const event::Gap gap{.from = from, .to = to};
  look(Entry{to, clock_.event_time(), &gap});
}

}  // namespace pocketmq::broker
