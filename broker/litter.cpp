#include "broker/litter.hpp"

#include "broker/context.hpp"
#include "broker/slice.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t slice_max = 10'000;

}  // namespace

Litter::Litter(Context& context) : context_{context}, due_{context.deadlines(), *this, &Litter::let_go} {}

void Litter::take(Heap heap) {
  heaps_.push_back(std::move(heap));
  let_go();
}

void Litter::let_go() {
  for (Slice slice{slice_max}; !heaps_.empty() && !slice.is_used_up();) {
    const auto message = heaps_.front()();
    if (!message) {
      heaps_.pop_front();
      continue;
    }
    slice.use(*message);
    context_.tell(&Observer::on_dropped, *message);
  }
  due_.set(heaps_.empty() ? TimePoint::max() : TimePoint::min());
}

}  // namespace pocketmq::broker
