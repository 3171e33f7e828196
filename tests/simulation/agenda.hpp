// What is to happen when: tasks run in the order of their times, and at one time in the order in which they were put
// in.
#pragma once

#include <functional>
#include <map>

#include "protocol/end/connection_end.hpp"

namespace pocketmq::simulation {

using protocol::TimePoint;

class Agenda {
 public:
  void at(TimePoint when, std::function<void()> task) { tasks_.emplace(when, std::move(task)); }

  [[nodiscard]] TimePoint earliest() const { return tasks_.empty() ? TimePoint::max() : tasks_.begin()->first; }
  /// Runs what is due, also what that adds.
  void run_until(TimePoint now) {
    while (earliest() <= now) tasks_.extract(tasks_.begin()).mapped()();
  }

 private:
  std::multimap<TimePoint, std::function<void()>> tasks_;
};

}  // namespace pocketmq::simulation
