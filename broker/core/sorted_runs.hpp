// A sequence sorted by a number. It mostly grows at its end and shrinks at its front, but may change anywhere.
//
// It consists of runs of up to 64 entries, so that a change moves the entries of one run only. At either end an
// operation takes constant time, elsewhere logarithmic time. A sequence that has lost most of its entries also gives up
// most of its memory.
#pragma once

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace pocketmq::broker {

/// `key` is the member with the number: SortedRuns<Unacked, &Unacked::tag>. No two entries have the same number.
template <class T, std::uint64_t T::*key> class SortedRuns {
 public:
  SortedRuns() = default;
  SortedRuns(SortedRuns&& other) noexcept : runs_{std::move(other.runs_)}, size_{std::exchange(other.size_, 0)} {}
  SortedRuns& operator=(SortedRuns&& other) noexcept {
    runs_ = std::exchange(other.runs_, {});
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  /// The first and the last entry. The sequence must not be empty.
  [[nodiscard]] const T& front() const { return runs_.begin()->second.first(); }
  [[nodiscard]] const T& back() const {
    const auto last = std::prev(runs_.end());
    return last->second.empty() ? std::prev(last)->second.last() : last->second.last();
  }
  [[nodiscard]] bool contains(std::uint64_t number) const {
    const auto run = run_of(runs_, number);
    return run != runs_.end() && run->second.has(run->second.index_of(number), number);
  }

  /// Appends an entry whose number is greater than all others.
  void push_back(T&& entry);
  void insert(T&& entry);
  /// Takes out the first entry. The sequence must not be empty.
  [[nodiscard]] T pop_front();
  /// Takes out the entry with that number; returns nothing if there is none.
  [[nodiscard]] std::optional<T> take(std::uint64_t number);
  /// Takes out the first entries whose numbers are at most `number`, but no more than 64 of them. The result is empty
  /// if there are none.
  [[nodiscard]] SortedRuns take_some_up_to(std::uint64_t number);
  /// Appends all entries of `others`, whose numbers are greater than all in this sequence.
  void append(SortedRuns&& others);

  void for_each(auto&& visit) const {
    (void)for_each_from(0, [&](const T& entry) { return visit(entry), true; });
  }
  /// Visits the entries whose numbers are at least `number`, in order, until `visit` returns false. Returns whether it
  /// visited all of them.
  bool for_each_from(std::uint64_t number, auto&& visit) const {
    auto first = runs_.upper_bound(number);
    if (first != runs_.begin()) --first;
    for (auto run = first; run != runs_.end(); ++run)
      for (auto left = run->second.present; left != 0; left &= left - 1) {
        const auto& entry = run->second.entries[index_of_lowest(left)];
        if (entry.*key >= number && !visit(entry)) return false;
      }
    return true;
  }

 private:
  static constexpr std::size_t run_max = 64;

  [[nodiscard]] static std::size_t index_of_lowest(std::uint64_t bits) {
    return static_cast<std::size_t>(std::countr_zero(bits));
  }

  // An entry that was taken leaves a gap. The gap keeps the entry's number.
  struct Run {
    std::vector<T> entries{};  // at most run_max
    std::uint64_t present{0};  // one bit for each entry: 1 if it is no gap

    [[nodiscard]] bool empty() const { return present == 0; }
    [[nodiscard]] bool is_full() const { return entries.size() == run_max; }
    [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(std::popcount(present)); }
    [[nodiscard]] std::size_t first_index() const { return index_of_lowest(present); }
    [[nodiscard]] const T& first() const { return entries[first_index()]; }
    [[nodiscard]] const T& last() const {
      return entries[run_max - 1 - static_cast<std::size_t>(std::countl_zero(present))];
    }

    // The index where the number is or belongs. Most numbers are consecutive, so the number usually gives the index.
    [[nodiscard]] std::size_t index_of(std::uint64_t number) const {
      if (entries.empty()) return 0;
      const auto guess = number - entries.front().*key;
      if (guess < entries.size() && entries[guess].*key == number) return guess;
      return static_cast<std::size_t>(std::ranges::lower_bound(entries, number, {}, key) - entries.begin());
    }
    [[nodiscard]] bool has(std::size_t index, std::uint64_t number) const {
      return index < entries.size() && entries[index].*key == number && (present >> index & 1U) != 0;
    }

    void push_back(T&& entry) {
      present |= std::uint64_t{1} << entries.size();
      entries.push_back(std::move(entry));
    }
    // The run must not be full of entries without a gap.
    void insert(T&& entry) {
      auto index = index_of(entry.*key);
      if (index < entries.size() && entries[index].*key == entry.*key) {
        entries[index] = std::move(entry);
      } else {
        if (is_full()) {
          close_gaps();
          index = index_of(entry.*key);
        }
        const auto behind = present >> index << index;
        present = (present ^ behind) | behind << 1U;
        entries.insert(entries.begin() + static_cast<std::ptrdiff_t>(index), std::move(entry));
      }
      present |= std::uint64_t{1} << index;
    }
    [[nodiscard]] T&& take(std::size_t index) {
      present &= ~(std::uint64_t{1} << index);
      return std::move(entries[index]);
    }
    void close_gaps() {
      std::size_t end = 0;
      for (auto left = present; left != 0; left &= left - 1, ++end)
        if (const auto next = index_of_lowest(left); next != end) entries[end] = std::move(entries[next]);
      entries.erase(entries.begin() + static_cast<std::ptrdiff_t>(end), entries.end());
      present = end == run_max ? ~std::uint64_t{0} : (std::uint64_t{1} << end) - 1;
    }
  };
  // Runs by a number that is at most the first entry's number and greater than all numbers in the run before. Only the
  // last run may be empty.
  using Runs = std::map<std::uint64_t, Run>;
  using RunIterator = typename Runs::iterator;

  // The run that contains the number if any run does: the last one whose key is at most the number.
  static auto run_of(auto& runs, std::uint64_t number) {
    auto run = runs.begin();
    if (run == runs.end() || run->first > number) return runs.end();
    const auto next = std::next(run);  // most numbers are in the first run
    return next == runs.end() || next->first > number ? run : std::prev(runs.upper_bound(number));
  }
  void add_run(std::uint64_t number);
  [[nodiscard]] RunIterator split(RunIterator whole, std::uint64_t number);
  void compact(RunIterator position);

  Runs runs_;
  std::size_t size_{0};
  std::vector<T> spare_;  // an empty vector, kept for its memory
};

template <class T, std::uint64_t T::*key> void SortedRuns<T, key>::push_back(T&& entry) {
  if (runs_.empty()) add_run(entry.*key);
  auto* last = &runs_.rbegin()->second;
  if (last->is_full()) {
    if (last->size() <= run_max / 4) {
      last->close_gaps();
    } else {
      add_run(entry.*key);
      last = &runs_.rbegin()->second;
    }
  }
  assert(last->entries.empty() || last->entries.back().*key < entry.*key);
  last->push_back(std::move(entry));
  ++size_;
}

template <class T, std::uint64_t T::*key> void SortedRuns<T, key>::add_run(std::uint64_t number) {
  const bool is_first = runs_.empty();
  auto& run = runs_.emplace_hint(runs_.end(), number, Run{})->second;
  run.entries = std::exchange(spare_, {});
  if (!is_first) run.entries.reserve(run_max);  // a short sequence takes only the memory that it needs
}

template <class T, std::uint64_t T::*key> void SortedRuns<T, key>::insert(T&& entry) {
  const auto number = entry.*key;
  if (empty()) runs_.clear();
  if (empty()) return push_back(std::move(entry));
  if (const auto& [first_number, last] = *runs_.rbegin();
      first_number <= number && (last.entries.empty() || last.entries.back().*key < number))
    return push_back(std::move(entry));
  auto found = run_of(runs_, number);
  if (found == runs_.end()) {  // make the first run begin earlier
    auto first = runs_.extract(runs_.begin());
    first.key() = number;
    found = runs_.insert(std::move(first)).position;
  }
  if (found->second.size() == run_max) found = split(found, number);
  found->second.insert(std::move(entry));
  ++size_;
}

// Splits a full run without gaps. Returns the half to which the number belongs.
template <class T, std::uint64_t T::*key>
auto SortedRuns<T, key>::split(RunIterator whole, std::uint64_t number) -> RunIterator {
  auto& entries = whole->second.entries;
  const auto half = runs_.emplace_hint(std::next(whole), entries[run_max / 2].*key, Run{});
  for (auto i = run_max / 2; i < run_max; ++i) half->second.push_back(whole->second.take(i));
  whole->second.close_gaps();
  return half->first <= number ? half : whole;
}

template <class T, std::uint64_t T::*key> T SortedRuns<T, key>::pop_front() {
  assert(!empty());
  const auto run = runs_.begin();
  auto first = run->second.take(run->second.first_index());
  compact(run);
  --size_;
  return first;
}

template <class T, std::uint64_t T::*key> std::optional<T> SortedRuns<T, key>::take(std::uint64_t number) {
  const auto run = run_of(runs_, number);
  if (run == runs_.end()) return std::nullopt;
  const auto index = run->second.index_of(number);
  if (!run->second.has(index, number)) return std::nullopt;
  std::optional<T> taken{run->second.take(index)};
  compact(run);
  --size_;
  return taken;
}

template <class T, std::uint64_t T::*key> SortedRuns<T, key> SortedRuns<T, key>::take_some_up_to(std::uint64_t number) {
  SortedRuns taken;
  if (empty()) return taken;
  const auto first = runs_.begin();
  auto& run = first->second;
  if (run.last().*key <= number) {
    taken.size_ = run.size();
    taken.runs_.insert(runs_.extract(first));
  } else {
    while (run.first().*key <= number) taken.push_back(run.take(run.first_index()));
  }
  size_ -= taken.size_;
  return taken;
}

template <class T, std::uint64_t T::*key> void SortedRuns<T, key>::append(SortedRuns&& others) {
  if (empty()) runs_.clear();
  if (others.empty()) others.runs_.clear();
  assert(empty() || others.empty() || back().*key < others.front().*key);
  while (!others.runs_.empty()) runs_.insert(runs_.end(), others.runs_.extract(others.runs_.begin()));
  size_ += std::exchange(others.size_, 0);
}

template <class T, std::uint64_t T::*key> void SortedRuns<T, key>::compact(RunIterator position) {
  auto& run = position->second;
  if (run.size() * 4 > run.entries.capacity()) return;
  const bool is_last = std::next(position) == runs_.end();
  if (run.empty()) {
    run.entries.clear();
    if (is_last) return;
    spare_ = std::move(run.entries);
    runs_.erase(position);
  } else if (!is_last && position != runs_.begin()) {
    run.close_gaps();
    run.entries =
        std::vector<T>(std::make_move_iterator(run.entries.begin()), std::make_move_iterator(run.entries.end()));
  }
}

}  // namespace pocketmq::broker
