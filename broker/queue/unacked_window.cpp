#include "broker/queue/unacked_window.hpp"

#include <utility>

namespace pocketmq::broker {
namespace {

std::size_t prefetch_used_by(const Deliveries& deliveries) {
  std::size_t prefetch_used = 0;
  deliveries.for_each([&](const Unacked& delivery) { prefetch_used += delivery.uses_prefetch ? 1U : 0U; });
  return prefetch_used;
}

}  // namespace

void UnackedWindow::push(Unacked&& delivery) {
  if (delivery.uses_prefetch) ++prefetch_used_;
  entries_.push_back(std::move(delivery));
}

std::optional<Unacked> UnackedWindow::settle(std::uint64_t tag) {
  auto settled = entries_.take(tag);
  if (settled && settled->uses_prefetch) --prefetch_used_;
  return settled;
}

bool UnackedWindow::settle_up_to(std::uint64_t tag, Settled& settled, Budget& budget) {
  while (!entries_.empty() && entries_.front().tag <= tag) {
    if (budget.is_used_up()) return false;
    auto some = entries_.take_some_up_to(tag);
    budget.use(steps::for_checking_a_delivery * some.size());
    const auto prefetch_used = entries_.empty() ? prefetch_used_ : prefetch_used_by(some);
    prefetch_used_ -= prefetch_used;
    settled.prefetch_used += prefetch_used;
    settled.deliveries.append(std::move(some));
  }
  return true;
}

Settled UnackedWindow::settle_all() {
  return {.deliveries = std::move(entries_), .prefetch_used = std::exchange(prefetch_used_, 0)};
}

void UnackedWindow::restore(Unacked&& delivery) {
  if (delivery.uses_prefetch) ++prefetch_used_;
  entries_.insert(std::move(delivery));
}

}  // namespace pocketmq::broker
