#include "broker/queue/unacked_window.hpp"

#include <utility>

namespace pocketmq::broker {
namespace {

std::size_t consumed_of(const Deliveries& deliveries) {
  std::size_t consumed = 0;
  deliveries.for_each([&](const Unacked& delivery) { consumed += delivery.was_consumed ? 1U : 0U; });
  return consumed;
}

}  // namespace

void UnackedWindow::push(Unacked&& delivery) {
  if (delivery.was_consumed) ++consumed_;
  entries_.push_back(std::move(delivery));
}

std::optional<Unacked> UnackedWindow::settle(std::uint64_t tag) {
  auto settled = entries_.take(tag);
  if (settled && settled->was_consumed) --consumed_;
  return settled;
}

bool UnackedWindow::settle_up_to(std::uint64_t tag, Settled& settled, Budget& budget) {
  while (!entries_.empty() && entries_.front().tag <= tag) {
    if (budget.is_used_up()) return false;
    auto some = entries_.take_some_up_to(tag);
    budget.use(steps::for_checking_a_delivery * some.size());
    const auto consumed = entries_.empty() ? consumed_ : consumed_of(some);
    consumed_ -= consumed;
    settled.consumed += consumed;
    settled.deliveries.append(std::move(some));
  }
  return true;
}

Settled UnackedWindow::settle_all() {
  return {.deliveries = std::move(entries_), .consumed = std::exchange(consumed_, 0)};
}

void UnackedWindow::restore(Unacked&& delivery) {
  if (delivery.was_consumed) ++consumed_;
  entries_.insert(std::move(delivery));
}

}  // namespace pocketmq::broker
