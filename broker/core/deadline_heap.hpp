// A binary heap of deadlines. The owner of each is told when its time has come.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "broker/core/budget.hpp"
#include "protocol/end/connection_end.hpp"

namespace pocketmq::broker {

using protocol::TimePoint;

class DeadlineHeap;

/// A deadline that can be set, moved and cleared. The destructor takes it out of its heap.
class Deadline {
 public:
  explicit Deadline(DeadlineHeap& heap) : heap_{heap} {}
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  /// When the deadline is due; `TimePoint::max()` while it is not set.
  [[nodiscard]] TimePoint at() const { return at_; }
  /// Sets or moves the deadline; `TimePoint::max()` clears it.
  void set(TimePoint at);

 protected:
  ~Deadline() { set(TimePoint::max()); }

 private:
  friend class DeadlineHeap;
  static constexpr std::size_t not_set = static_cast<std::size_t>(-1);

  /// Called when the time has come. The deadline is no longer set then.
  virtual void due(TimePoint now) = 0;

  DeadlineHeap& heap_;
  TimePoint at_{TimePoint::max()};
  std::size_t index_{not_set};
};

/// A deadline that calls a member function of its owner when its time has come.
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
  /// The earliest deadline; `TimePoint::max()` if none is set.
  [[nodiscard]] TimePoint earliest() const { return heap_.empty() ? TimePoint::max() : heap_.front()->at_; }
  /// Calls the deadlines that are due at `now`, the earliest first and each once, until the budget is used up. A
  /// deadline that is set again for the past is called by the next `tell_due`.
  void tell_due(TimePoint now, Budget& budget);

 private:
  friend class Deadline;

  void add(Deadline* deadline);
  void put(std::size_t index, Deadline* deadline);
  void rise(std::size_t index);
  void sink(std::size_t index);
  void remove(std::size_t index);

  std::vector<Deadline*> heap_;  // each deadline stores its index
  // Only during `tell_due`: its `now`, and the deadlines that were set again for `now` or earlier.
  std::optional<TimePoint> telling_until_;
  std::vector<Deadline*> again_;
};

}  // namespace pocketmq::broker
