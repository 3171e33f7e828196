// A table of values by their numbers, such as calls by their ids.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace pocketmq::client {

/// A hash table. A value does not move until it is taken out. Its memory is then used again for a later value.
template <class Value> class Numbered {
 public:
  using Number = std::uint64_t;

  /// Adds a value. The number must be unused.
  template <class... Args> Value& emplace(Number number, Args&&... args) {
    if (2 * (size_ + 1) > places_.size()) grow();
    auto& place = places_[place_of(number)];
    place.number = number;
    place.value = spare_.empty() ? std::make_unique<std::optional<Value>>() : take_spare();
    ++size_;
    return place.value->emplace(std::forward<Args>(args)...);
  }

  /// Null if there is no value of that number.
  [[nodiscard]] Value* find(Number number) {
    if (places_.empty()) return nullptr;
    const auto& value = places_[place_of(number)].value;
    return value ? &**value : nullptr;
  }

  /// Removes a value, if it is there.
  void erase(Number number) {
    if (places_.empty()) return;
    const auto at = place_of(number);
    if (!places_[at].value) return;
    auto box = std::move(places_[at].value);
    close_gap(at);
    --size_;
    box->reset();  // last: the value's destructor may call this table
    if (spare_.size() < spare_max) spare_.push_back(std::move(box));
  }

  /// Calls `f(number, value)` for each value, in any order. `f` must not add or remove values.
  template <class F> void for_each(F f) {
    for (auto& place : places_)
      if (place.value) f(place.number, **place.value);
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  // `value` is null if the slot is empty.
  struct Slot {
    Number number{0};
    std::unique_ptr<std::optional<Value>> value{};
  };

  static constexpr std::size_t places_at_first = 16;
  static constexpr std::size_t spare_max = 1'024;

  /// Spreads consecutive numbers: a search goes through all full slots that follow each other.
  [[nodiscard]] std::size_t home_of(Number number) const {
    constexpr Number golden_ratio = 0x9E37'79B9'7F4A'7C15;
    return (number * golden_ratio) >> (std::numeric_limits<Number>::digits - std::countr_zero(places_.size()));
  }
  [[nodiscard]] std::size_t after(std::size_t place) const { return (place + 1) & (places_.size() - 1); }

  /// The slot of that number, or the empty slot for it.
  [[nodiscard]] std::size_t place_of(Number number) const {
    auto at = home_of(number);
    while (places_[at].value && places_[at].number != number) at = after(at);
    return at;
  }

  std::unique_ptr<std::optional<Value>> take_spare() {
    auto box = std::move(spare_.back());
    spare_.pop_back();
    return box;
  }

  void grow() {
    auto old = std::exchange(places_, std::vector<Slot>(places_.empty() ? places_at_first : 2 * places_.size()));
    for (auto& place : old)
      if (place.value) places_[place_of(place.number)] = std::move(place);
  }

  /// Fills an empty slot with a value behind it whose search would end at that slot.
  void close_gap(std::size_t gap) {
    for (auto at = after(gap); places_[at].value; at = after(at)) {
      const auto from_home = (at - home_of(places_[at].number)) & (places_.size() - 1);
      const auto from_gap = (at - gap) & (places_.size() - 1);
      if (from_home < from_gap) continue;
      places_[gap] = std::move(places_[at]);
      gap = at;
    }
  }

  // At least half of the slots are empty. Their number is a power of two.
  std::vector<Slot> places_;
  std::size_t size_{0};
  std::vector<std::unique_ptr<std::optional<Value>>> spare_;
};

}  // namespace pocketmq::client
