#include "tests/kit/sleep.hpp"

#include <functional>
#include <optional>
#include <utility>

#include <asio/error.hpp>

namespace pocketmq::testkit {
namespace {

class Sleeper : public std::enable_shared_from_this<Sleeper> {
 public:
  Sleeper(protocol::LoopClock& clock, protocol::TimePoint deadline, client::Done<> done)
      : clock_{clock}, deadline_{deadline}, done_{std::move(done)} {}

  void start(const std::stop_token& stop) {
    clock_.set_timer(this, deadline_, [self = shared_from_this()] { self->over({}); });
    if (stop.stop_possible())
      stopping_.emplace(stop, [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->stop();
      });
  }

 private:
  void stop() {
    const auto timer = clock_.cancel_timer(this, deadline_);
    over(asio::error::operation_aborted);
  }
  void over(std::error_code error) {
    if (done_) std::exchange(done_, nullptr)(error);
  }

  protocol::LoopClock& clock_;
  const protocol::TimePoint deadline_;
  client::Done<> done_;
  std::optional<std::stop_callback<std::function<void()>>> stopping_;
};

}  // namespace

void sleep_until(protocol::LoopClock& clock, protocol::TimePoint deadline, const std::stop_token& stop,
                 client::Done<> done) {
  std::make_shared<Sleeper>(clock, deadline, std::move(done))->start(stop);
}

}  // namespace pocketmq::testkit
