#include "broker/unacked_window.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

namespace pocketmq::broker {
namespace {

bool is_gap(const Unacked& entry) { return !entry.queue; }

}  // namespace

void UnackedWindow::push(Unacked delivery) {
  assert(entries_.empty() || entries_.back().tag < delivery.tag);
  ++size_;
  if (delivery.was_consumed) ++consumed_;
  entries_.push_back(std::move(delivery));
}

std::optional<std::vector<Unacked>> UnackedWindow::settle(std::uint64_t tag, bool multiple) {
  if (tag == 0 && multiple) return settle_all();
  if (entries_.empty()) return std::nullopt;
  const auto found =
      entries_.front().tag == tag ? entries_.begin() : std::ranges::lower_bound(entries_, tag, {}, &Unacked::tag);
  if (found == entries_.end() || found->tag != tag || is_gap(*found)) return std::nullopt;

  std::vector<Unacked> settled;
  for (auto entry = multiple ? entries_.begin() : found; entry <= found; ++entry)
    if (!is_gap(*entry)) settled.push_back(take(*entry));
  trim();
  return settled;
}

std::vector<Unacked> UnackedWindow::settle_all() {
  std::vector<Unacked> settled;
  settled.reserve(size_);
  for (auto& entry : entries_)
    if (!is_gap(entry)) settled.push_back(take(entry));
  entries_.clear();
  return settled;
}

// Most go in front, behind the others, or back into their gap; only what lost its gap to `trim` is merged in.
void UnackedWindow::restore(std::vector<Unacked> deliveries) {
  std::ranges::sort(deliveries, std::ranges::greater{}, &Unacked::tag);
  std::vector<Unacked> without_place;  // the latest first
  for (auto& delivery : deliveries) {
    ++size_;
    if (delivery.was_consumed) ++consumed_;
    const auto place = std::ranges::lower_bound(entries_, delivery.tag, {}, &Unacked::tag);
    if (place != entries_.end() && place->tag == delivery.tag)
      *place = std::move(delivery);
    else if (place == entries_.begin())
      entries_.push_front(std::move(delivery));
    else
      without_place.push_back(std::move(delivery));
  }
  const auto sorted = entries_.size();
  std::move(without_place.rbegin(), without_place.rend(), std::back_inserter(entries_));
  if (!without_place.empty() && entries_[sorted - 1].tag > entries_[sorted].tag)
    std::ranges::inplace_merge(entries_, entries_.begin() + static_cast<std::ptrdiff_t>(sorted), {}, &Unacked::tag);
}

void UnackedWindow::forget(const Consumer& consumer) {
  for (auto& entry : entries_)
    if (entry.consumer == &consumer) entry.consumer = nullptr;
}

void UnackedWindow::forget_consumers() {
  for (auto& entry : entries_) entry.consumer = nullptr;
}

Unacked UnackedWindow::take(Unacked& entry) {
  --size_;
  if (entry.was_consumed) --consumed_;
  const auto tag = entry.tag;
  auto taken = std::exchange(entry, Unacked{});
  entry.tag = tag;  // a gap keeps the order
  return taken;
}

void UnackedWindow::trim() {
  while (!entries_.empty() && is_gap(entries_.front())) entries_.pop_front();
  while (!entries_.empty() && is_gap(entries_.back())) entries_.pop_back();
  if (entries_.size() > 2 * size_ + 16) std::erase_if(entries_, is_gap);
}

}  // namespace pocketmq::broker
