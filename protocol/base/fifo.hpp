// A first-in, first-out queue in contiguous memory. It needs almost no memory while it is empty.
#pragma once

#include <cassert>
#include <cstddef>
#include <utility>
#include <vector>

namespace pocketmq::protocol {

template <class T> class Fifo {
 public:
  [[nodiscard]] bool empty() const { return first_ == entries_.size(); }
  [[nodiscard]] auto begin() const { return entries_.begin() + static_cast<std::ptrdiff_t>(first_); }
  [[nodiscard]] auto end() const { return entries_.end(); }
  /// The first and the last entry. The queue must not be empty.
  [[nodiscard]] T& front() { return entries_[first_]; }
  [[nodiscard]] T& back() { return entries_.back(); }

  void push_back(T entry) {
    // Reuses the room of taken entries before allocating. They are at least half of all, so each entry moves at most
    // once.
    if (entries_.size() == entries_.capacity() && first_ >= entries_.size() - first_) drop_taken();
    entries_.push_back(std::move(entry));
  }
  void pop_front() {
    assert(!empty());
    entries_[first_++] = T{};
    if (!empty()) return;
    first_ = 0;
    entries_.clear();
    if (entries_.capacity() > kept_max) entries_ = {};
  }

 private:
  static constexpr std::size_t kept_max = 4;

  void drop_taken() {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

  // The entries before first_ are already taken.
  std::vector<T> entries_;
  std::size_t first_{0};
};

}  // namespace pocketmq::protocol
