// The order in which a World's handlers run. The seed decides it, so that each seed tries another order.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/io_context.hpp>

#include "protocol/base/move_only_function.hpp"
#include "protocol/base/random_source.hpp"

namespace pocketmq::testkit {

/// Runs one handler at a time: the next one of a lane that is drawn. A lane is an executor, whose handlers run in the
/// order in which they were posted. The broker's lane is the io_context.
class Schedule {
 public:
  /// `context` outlives it.
  Schedule(asio::io_context& context, std::uint64_t seed);
  Schedule(const Schedule&) = delete;
  Schedule& operator=(const Schedule&) = delete;
  ~Schedule();

  /// The executor of a new lane. Handlers that are posted to it after the schedule's end are dropped.
  [[nodiscard]] asio::any_io_executor add_lane();

  /// Drops the handlers of a lane, without calling them, and those that are posted to it later.
  static void close_lane(const asio::any_io_executor& lane);

  /// Runs a handler; false if none is ready. An exception of the handler comes out here.
  bool run_one();

  /// Closes all lanes.
  void close();

 private:
  struct Lane;
  class LaneExecutor;

  [[nodiscard]] std::uint64_t draw(std::uint64_t below);

  asio::io_context& context_;
  protocol::RandomSource random_;
  std::vector<std::shared_ptr<Lane>> lanes_;
  std::vector<Lane*> ready_;  // kept so that it allocates once
};

}  // namespace pocketmq::testkit
