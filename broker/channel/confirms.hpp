// A channel's publisher confirms: which publishes are settled, and which of these the publisher was not told of yet.
//
// Publishes are numbered from 1 on. Each is settled once: acked when all its queues have accepted it, nacked when the
// first queue has refused it. The publisher is told at the end of the turn what was settled in it. One method with
// `multiple` tells of several publishes where that is possible.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "protocol/vocabulary/method.hpp"

namespace pocketmq::broker {

class Confirms {
 public:
  /// Gives the next publish its number. The publish awaits that many queues; without any it is acked.
  [[nodiscard]] std::uint64_t expect(std::size_t queues);
  /// One of the queues has accepted the publish.
  void accepted(std::uint64_t publish);
  /// One of the queues has refused the publish. What the other queues answer no longer matters.
  void refused(std::uint64_t publish);

  /// The number of the next publish.
  [[nodiscard]] std::uint64_t next() const { return first_ + awaited_.size(); }
  /// What was acked and nacked since the last report, in no particular order.
  [[nodiscard]] const std::vector<std::uint64_t>& acked() const { return acked_; }
  [[nodiscard]] const std::vector<std::uint64_t>& nacked() const { return nacked_; }
  /// Whether something was settled since the last report.
  [[nodiscard]] bool has_news() const { return !acked_.empty() || !nacked_.empty(); }
  /// Sends basic.ack and basic.nack for all that was settled since the last report.
  void report(const std::function<void(const protocol::Method&)>& send);

 private:
  [[nodiscard]] std::uint32_t* find_awaited(std::uint64_t publish);
  void settle(std::uint64_t publish, std::vector<std::uint64_t>& into);
  template <class Answer>
  void tell(const std::vector<std::uint64_t>& settled, const std::vector<std::uint64_t>& settled_otherwise,
            const std::function<void(const protocol::Method&)>& send) const;

  std::uint64_t first_{1};             // all below it are settled
  std::deque<std::uint32_t> awaited_;  // how many queues each publish from first_ on still awaits; 0 if it is settled
  std::vector<std::uint64_t> acked_;   // and not reported yet
  std::vector<std::uint64_t> nacked_;
};

}  // namespace pocketmq::broker
