#include "broker/litter.hpp"

#include "broker/context.hpp"
#include "broker/slice.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t slice_max = 10'000;

}  // namespace

Litter::Litter(Context& context) : context_{context}, due_{context.deadlines(), *this, &Litter::let_go} {}

void Litter::take(ReadyMessages messages) {
  heaps_.push_back(std::move(messages));
  let_go();
}

void Litter::let_go() {
  for (Slice slice{slice_max}; !heaps_.empty() && !slice.is_used_up();) {
    if (heaps_.front().empty()) {
      heaps_.pop_front();
      continue;
    }
    const auto message = heaps_.front().pop_front().message;
    slice.use(message);
    context_.tell(&Observer::on_dropped, message);
    context_.memory().release(Message::place_bytes);
  }
  due_.set(heaps_.empty() ? TimePoint::max() : TimePoint::min());
}

}  // namespace pocketmq::broker
