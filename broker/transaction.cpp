#include "broker/transaction.hpp"

#include <algorithm>

namespace pocketmq::broker {

void Transaction::add(Settlement settlement) {
  consumed_ += static_cast<std::size_t>(std::ranges::count_if(settlement.deliveries, &Unacked::was_consumed));
  settlements_.push_back(std::move(settlement));
}

std::vector<Transaction::Settlement> Transaction::take_settlements() {
  consumed_ = 0;
  return std::exchange(settlements_, {});
}

void Transaction::begin_commit() {
  ++commits_;
  ++awaited_;
  failed_ = false;
}

void Transaction::forget(const Consumer& consumer) {
  for (auto& settlement : settlements_)
    for (auto& delivery : settlement.deliveries)
      if (delivery.consumer == &consumer) delivery.consumer = nullptr;
}

void Transaction::forget_consumers() {
  for (auto& settlement : settlements_)
    for (auto& delivery : settlement.deliveries) delivery.consumer = nullptr;
}

}  // namespace pocketmq::broker
