// A map from numbers to values, such as from ids to calls.
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
template <class Value> class NumberMap {
 public:
  using Number = std::uint64_t;

  /// Adds a value. The number must be unused.
  template <class... Args> Value& emplace(Number number, Args&&... args) {
    if (2 * (size_ + 1) > slots_.size()) grow();
    auto& slot = slots_[slot_of(number)];
    slot.number = number;
    slot.value = spare_.empty() ? std::make_unique<std::optional<Value>>() : take_spare();
    ++size_;
    return slot.value->emplace(std::forward<Args>(args)...);
  }

  /// Null if there is no value of that number.
  [[nodiscard]] Value* find(Number number) {
    if (slots_.empty()) return nullptr;
    const auto& value = slots_[slot_of(number)].value;
    return value ? &**value : nullptr;
  }

  /// Removes a value, if it is there.
  void erase(Number number) {
    if (slots_.empty()) return;
    const auto at = slot_of(number);
    if (!slots_[at].value) return;
    auto box = std::move(slots_[at].value);
    close_gap(at);
    --size_;
    box->reset();  // last: the value's destructor may call this table
    if (spare_.size() < spare_max) spare_.push_back(std::move(box));
  }

  /// Calls `f(number, value)` for each value, in any order. `f` must not add or remove values.
  template <class F> void for_each(F f) {
    for (auto& slot : slots_)
      if (slot.value) f(slot.number, **slot.value);
  }

  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  // `value` is null if the slot is empty.
  struct Slot {
    Number number{0};
    std::unique_ptr<std::optional<Value>> value{};
  };

  static constexpr std::size_t slots_at_first = 16;
  static constexpr std::size_t spare_max = 1'024;

  /// Spreads consecutive numbers: a search goes through all full slots that follow each other.
  [[nodiscard]] std::size_t first_slot_of(Number number) const {
    constexpr Number golden_ratio = 0x9E37'79B9'7F4A'7C15;
    return (number * golden_ratio) >> (std::numeric_limits<Number>::digits - std::countr_zero(slots_.size()));
  }
  [[nodiscard]] std::size_t after(std::size_t slot) const { return (slot + 1) & (slots_.size() - 1); }

  /// The slot of that number, or the empty slot for it.
  [[nodiscard]] std::size_t slot_of(Number number) const {
    auto at = first_slot_of(number);
    while (slots_[at].value && slots_[at].number != number) at = after(at);
    return at;
  }

  std::unique_ptr<std::optional<Value>> take_spare() {
    auto box = std::move(spare_.back());
    spare_.pop_back();
    return box;
  }

  void grow() {
    auto old = std::exchange(slots_, std::vector<Slot>(slots_.empty() ? slots_at_first : 2 * slots_.size()));
    for (auto& slot : old)
      if (slot.value) slots_[slot_of(slot.number)] = std::move(slot);
  }

  /// Fills an empty slot with a value behind it whose search would end at that slot.
  void close_gap(std::size_t gap) {
    for (auto at = after(gap); slots_[at].value; at = after(at)) {
      const auto from_first = (at - first_slot_of(slots_[at].number)) & (slots_.size() - 1);
      const auto from_gap = (at - gap) & (slots_.size() - 1);
      if (from_first < from_gap) continue;
      slots_[gap] = std::move(slots_[at]);
      gap = at;
    }
  }

  // At least half of the slots are empty. Their number is a power of two.
  std::vector<Slot> slots_;
  std::size_t size_{0};
  std::vector<std::unique_ptr<std::optional<Value>>> spare_;
};

}  // namespace pocketmq::client
