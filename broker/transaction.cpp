#include "broker/transaction.hpp"

namespace pocketmq::broker {

void Transaction::add(Outcome outcome, Unacked&& delivery) {
  if (delivery.was_consumed) ++consumed_;
  const bool goes_on = !settlements_.empty() && settlements_.back().outcome == outcome
                       && settlements_.back().deliveries.back().tag < delivery.tag;
  if (!goes_on) settlements_.push_back({.outcome = outcome, .deliveries = {}});
  settlements_.back().deliveries.push_back(std::move(delivery));
}

void Transaction::add(Outcome outcome, Deliveries deliveries) {
  if (deliveries.empty()) return;
  consumed_ += consumed_of(deliveries);
  settlements_.push_back({.outcome = outcome, .deliveries = std::move(deliveries)});
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

}  // namespace pocketmq::broker
