#include "broker/queue/unacked_window.hpp"

#include <utility>

namespace pocketmq::broker {

std::size_t consumed_of(const Deliveries& deliveries) {
  std::size_t consumed = 0;
  deliveries.for_each([&](const Unacked& delivery) { consumed += delivery.was_consumed ? 1U : 0U; });
  return consumed;
}

void UnackedWindow::push(Unacked&& delivery) {
  if (delivery.was_consumed) ++consumed_;
  entries_.push_back(std::move(delivery));
}

std::optional<Unacked> UnackedWindow::settle(std::uint64_t tag) {
  auto settled = entries_.take(tag);
  if (settled && settled->was_consumed) --consumed_;
  return settled;
}

std::optional<Deliveries> UnackedWindow::settle_up_to(std::uint64_t tag) {
  if (tag == 0) return settle_all();
  if (!entries_.contains(tag)) return std::nullopt;
  auto settled = entries_.take_up_to(tag);
  consumed_ -= entries_.empty() ? consumed_ : consumed_of(settled);
  return settled;
}

Deliveries UnackedWindow::settle_all() {
  consumed_ = 0;
  return std::move(entries_);
}

void UnackedWindow::restore(Unacked&& delivery) {
  if (delivery.was_consumed) ++consumed_;
  entries_.insert(std::move(delivery));
}

}  // namespace pocketmq::broker
