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

std::optional<Transaction::Publication> Transaction::take_publication() {
  if (publications_.empty()) return std::nullopt;
  std::optional publication{std::move(publications_.front())};
  publications_.pop_front();
  return publication;
}

std::optional<Transaction::Settlement> Transaction::take_settlement() {
  if (settlements_.empty()) return std::nullopt;
  consumed_ = 0;
  std::optional settlement{std::move(settlements_.front())};
  settlements_.pop_front();
  return settlement;
}

std::optional<Unacked> Transaction::take_delivery() {
  while (!settlements_.empty() && settlements_.front().deliveries.empty()) settlements_.pop_front();
  if (settlements_.empty()) return std::nullopt;
  std::optional delivery{settlements_.front().deliveries.pop_front()};
  if (delivery->was_consumed) --consumed_;
  return delivery;
}

void Transaction::begin_commit() {
  ++commits_;
  ++awaited_;
  failed_ = false;
  stage_ = Stage::publishing;
}

}  // namespace pocketmq::broker
