#include "protocol/io/clock_of.hpp"

namespace pocketmq::protocol {
namespace {

// A service of Asio's is how an execution context owns an object.
class ClockService final : public asio::execution_context::service {
 public:
  using key_type = ClockService;
  inline static asio::execution_context::id id;

  explicit ClockService(asio::execution_context& owner) : service{owner} {}

  LoopClock clock;

 private:
  void shutdown() override { clock.cancel_all_timers(); }
};

}  // namespace

LoopClock& clock_of(asio::execution_context& context) { return asio::use_service<ClockService>(context).clock; }

}  // namespace pocketmq::protocol
