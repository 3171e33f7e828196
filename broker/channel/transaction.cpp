#include "broker/channel/transaction.hpp"

namespace pocketmq::broker {

std::size_t Transaction::Content::settled_count() const {
  std::size_t count = 0;
  for (const auto& settlement : settlements) count += settlement.deliveries.size();
  return count;
}

void Transaction::add(Outcome outcome, Unacked&& delivery) {
  auto& settlements = content_.settlements;
  if (delivery.uses_prefetch) ++content_.prefetch_used;
  const bool goes_on = !settlements.empty() && settlements.back().outcome == outcome
                       && settlements.back().deliveries.back().tag < delivery.tag;
  if (!goes_on) settlements.push_back({.outcome = outcome});
  settlements.back().deliveries.push_back(std::move(delivery));
}

void Transaction::add(Outcome outcome, Settled settled) {
  if (settled.deliveries.empty()) return;
  content_.prefetch_used += settled.prefetch_used;
  content_.settlements.push_back({.outcome = outcome, .deliveries = std::move(settled.deliveries)});
}

std::deque<Settlement> Transaction::take_settlements() {
  content_.prefetch_used = 0;
  return std::exchange(content_.settlements, {});
}

std::optional<Unacked> Transaction::take_delivery() {
  auto& settlements = content_.settlements;
  while (!settlements.empty() && settlements.front().deliveries.empty()) settlements.pop_front();
  if (settlements.empty()) return std::nullopt;
  std::optional delivery{settlements.front().deliveries.pop_front()};
  if (delivery->uses_prefetch) --content_.prefetch_used;
  return delivery;
}

}  // namespace pocketmq::broker
