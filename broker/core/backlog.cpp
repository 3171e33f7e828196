#include "broker/core/backlog.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>

namespace pocketmq::broker {
namespace {

constexpr std::int64_t item_steps_min = 20;  // the cost of calling an item that has nothing to do

}  // namespace

void Backlog::Item::wait_in_line() {
  if (!is_in_line()) backlog_.add(backlog_.line_, this, nullptr);
}

void Backlog::Item::wait_for_rest_of_slice() {
  if (!is_in_line()) backlog_.add(backlog_.waiting_for_rest_, this, nullptr);
}

void Backlog::Item::wait_for_quiet() {
  if (is_in_line()) return;
  auto& line = backlog_.waiting_for_quiet_;
  position_ = {&line, line.insert(line.begin(), Entry{this, nullptr})};
}

void Backlog::Item::leave_line() {
  if (!position_) return;
  const auto [line, at] = *std::exchange(position_, std::nullopt);
  line->erase(at);
}

Backlog::Backlog() { begin_input_slice(); }

Backlog::~Backlog() { clear(); }

void Backlog::begin_slice(std::int64_t steps) {
  left_of_turn_ = left_of_turn();
  slice_budget_ = steps;
  budget_.grant(steps);
}

void Backlog::begin_input_slice() { begin_slice(std::clamp(left_of_turn(), input_slice_steps_min, input_slice_steps)); }

void Backlog::add(Line& line, Item* item, std::unique_ptr<Item> owned) {
  item->position_ = {&line, line.insert(line.end(), Entry{item, std::move(owned)})};
}

Backlog::Entry Backlog::take_first(Line& line) {
  auto first = std::move(line.front());
  first.item->position_.reset();
  line.pop_front();
  return first;
}

void Backlog::carry_out(std::unique_ptr<Item> item) {
  if (budget_.is_used_up() || !item->go_on()) keep(std::move(item));
}

void Backlog::keep(std::unique_ptr<Item> item) {
  auto* kept = item.get();
  add(line_, kept, std::move(item));
}

void Backlog::keep_for_rest_of_slice(std::unique_ptr<Item> item) {
  auto* kept = item.get();
  add(waiting_for_rest_, kept, std::move(item));
}

void Backlog::serve_rest() {
  const auto kept_back = std::max(std::int64_t{0}, budget_.left() - slice_steps);
  budget_.grant(budget_.left() - kept_back);
  while (!waiting_for_rest_.empty()) {
    auto [item, owned] = take_first(waiting_for_rest_);
    if (!budget_.is_used_up() && item->go_on()) continue;
    if (!item->is_in_line()) add(line_, item, std::move(owned));
  }
  budget_.grant(budget_.left() + kept_back);
}

void Backlog::begin_turn() {
  left_of_turn_ = turn_steps;
  slice_budget_ = turn_steps / 2;
  budget_.grant(slice_budget_);
}

void Backlog::go_on() {
  serve_rest();
  while (left_of_turn() > 0 && !(line_.empty() && waiting_for_quiet_.empty())) {
    begin_slice(std::min(slice_steps, left_of_turn()));
    budget_.use(item_steps_min);
    if (line_.empty())
      serve_quiet();
    else
      serve_line();
    serve_rest();
  }
}

void Backlog::serve_line() {
  auto [item, owned] = take_first(line_);
  if (!item->go_on() && !item->is_in_line()) add(line_, item, std::move(owned));
}

// An item that is not done stays before those that have waited longer, and behind those that have come meanwhile.
void Backlog::serve_quiet() {
  auto& line = waiting_for_quiet_;
  auto* item = take_first(line).item;
  const auto older = line.size();
  if (item->go_on() || item->is_in_line()) return;
  const auto newer = line.size() - std::min(older, line.size());
  item->position_ = {&line,
                     line.insert(std::next(line.begin(), static_cast<std::ptrdiff_t>(newer)), Entry{item, nullptr})};
}

void Backlog::clear() {
  while (!waiting_for_rest_.empty()) (void)take_first(waiting_for_rest_);
  while (!line_.empty()) (void)take_first(line_);
  while (!waiting_for_quiet_.empty()) (void)take_first(waiting_for_quiet_);
}

}  // namespace pocketmq::broker
