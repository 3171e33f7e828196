// What is due next: a binary heap of deadlines whose owners are told when their time has come.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "broker/core/budget.hpp"
#include "protocol/end/connection_end.hpp"

namespace pocketmq::broker {

using protocol::TimePoint;

class DeadlineHeap;

/// A deadline that may be set, moved and cleared. Leaves its heap when it is destroyed.
class Deadline {
 public:
  explicit Deadline(DeadlineHeap& heap) : heap_{heap} {}
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// When it is due; `TimePoint::max()` while it is not set.
  [[nodiscard]] TimePoint at() const { return at_; }
  /// `TimePoint::max()` clears it.
  void set(TimePoint at);

 protected:
  ~Deadline() { set(TimePoint::max()); }

 private:
  friend class DeadlineHeap;
  static constexpr std::size_t not_set = static_cast<std::size_t>(-1);

  /// The time has come, and the deadline is no longer set.
  virtual void due(TimePoint now) = 0;

  DeadlineHeap& heap_;
  TimePoint at_{TimePoint::max()};
  std::size_t index_{not_set};
};

/// A deadline that calls a member of its owner when its time has come.
template <class Owner> class Alarm final : public Deadline {
 public:
  Alarm(DeadlineHeap& heap, Owner& owner, void (Owner::*call)()) : Deadline{heap}, owner_{owner}, call_{call} {}

 private:
  void due(TimePoint) override { (owner_.*call_)(); }

  Owner& owner_;
  void (Owner::*const call_)();
};

class DeadlineHeap {
 public:
  /// The earliest deadline; `TimePoint::max()` for none.
  [[nodiscard]] TimePoint earliest() const { return heap_.empty() ? TimePoint::max() : heap_.front()->at_; }
  /// Tells those that are due at `now`, each once, earliest first, until the budget is used up. One that is set again
  /// for the past waits for the next call.
  void tell_due(TimePoint now, Budget& budget);

 private:
  friend class Deadline;

  void add(Deadline* deadline);
  void put(std::size_t index, Deadline* deadline);
  void rise(std::size_t index);
  void sink(std::size_t index);
  void remove(std::size_t index);

  std::vector<Deadline*> heap_;  // each knows its index
  // While deadlines are told: until when they are, and those that were set again for a time before that.
  std::optional<TimePoint> telling_until_;
  std::vector<Deadline*> again_;
};

}  // namespace pocketmq::broker
