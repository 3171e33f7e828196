#include "tests/kit/schedule.hpp"

#include <utility>

#include <asio/execution/blocking.hpp>
#include <asio/execution/context.hpp>

namespace pocketmq::testkit {

struct Schedule::Lane {
  explicit Lane(asio::io_context& on) : context{on} {}

  void push(protocol::MoveOnlyFunction<void()> handler) {
    if (is_open) handlers.push_back(std::move(handler));
  }
  // What a handler holds may post others when it is destroyed.
  void close() {
    is_open = false;
    const auto dropped = std::exchange(handlers, {});
  }

  asio::io_context& context;
  std::deque<protocol::MoveOnlyFunction<void()>> handlers;
  bool is_open{true};
};

// It never runs a handler inside of `execute`.
class Schedule::LaneExecutor {
 public:
  explicit LaneExecutor(std::shared_ptr<Lane> lane) : lane_{std::move(lane)} {}

  template <class F> void execute(F&& f) const { lane_->push(std::forward<F>(f)); }

  [[nodiscard]] asio::execution_context& query(asio::execution::context_t) const noexcept { return lane_->context; }
  [[nodiscard]] static constexpr asio::execution::blocking_t query(asio::execution::blocking_t) noexcept {
    return asio::execution::blocking.never;
  }
  [[nodiscard]] LaneExecutor require(asio::execution::blocking_t::never_t) const { return *this; }

  [[nodiscard]] Lane& lane() const { return *lane_; }

  friend bool operator==(const LaneExecutor& a, const LaneExecutor& b) noexcept { return a.lane_ == b.lane_; }
  friend bool operator!=(const LaneExecutor& a, const LaneExecutor& b) noexcept { return !(a == b); }

 private:
  std::shared_ptr<Lane> lane_;
};

Schedule::Schedule(asio::io_context& context, std::uint64_t seed) : context_{context}, random_{seed} {}

Schedule::~Schedule() { close(); }

asio::any_io_executor Schedule::add_lane() {
  lanes_.push_back(std::make_shared<Lane>(context_));
  return LaneExecutor{lanes_.back()};
}

bool Schedule::run_one() {
  ready_.clear();
  for (const auto& lane : lanes_)
    if (!lane->handlers.empty()) ready_.push_back(lane.get());
  const auto drawn = ready_.empty() ? 0 : draw(ready_.size() + 1);
  if (drawn == ready_.size()) {
    if (context_.stopped()) context_.restart();
    if (context_.poll_one() > 0) return true;
    if (ready_.empty()) return false;
  }
  auto& lane = *ready_[drawn < ready_.size() ? drawn : draw(ready_.size())];
  auto handler = std::move(lane.handlers.front());
  lane.handlers.pop_front();
  handler();
  return true;
}

void Schedule::close_lane(const asio::any_io_executor& lane) {
  if (const auto* const executor = lane.target<LaneExecutor>()) executor->lane().close();
}

void Schedule::close() {
  for (const auto& lane : lanes_) lane->close();
}

std::uint64_t Schedule::draw(std::uint64_t below) { return random_.bits64() % below; }

}  // namespace pocketmq::testkit
