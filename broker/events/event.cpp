#include "broker/events/event.hpp"

#include <array>

namespace pocketmq::broker::event {

const Kind& Entry::kind() const {
  static constexpr auto kinds = [] {
    std::array<const Kind*, Kinds::size> all{};
    std::size_t next = 0;
    for_each_kind([&]<class E>() { all[next++] = &E::kind; });
    return all;
  }();
  return *kinds[event_.index()];
}

}  // namespace pocketmq::broker::event
