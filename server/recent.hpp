// What was put there lately, by its key: bounded in number, in bytes and in age.
#pragma once

#include <chrono>
#include <cstddef>
#include <limits>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "protocol/connection_end.hpp"

namespace pocketmq::server {

template <class Value> class Recent {
 public:
  /// Keeps at most `count_max` values, each for `window`, and at most `bytes_max` of what they are said to take.
  Recent(std::size_t count_max, std::chrono::milliseconds window,
         std::size_t bytes_max = std::numeric_limits<std::size_t>::max())
      : count_max_{count_max}, bytes_max_{bytes_max}, window_{window} {}

  /// Replaces what has the same key; the oldest make room. `bytes` are what the value takes; if it takes more than
  /// there may be it is not kept. `now` never goes back.
  void put(std::string key, Value value, protocol::TimePoint now, std::size_t bytes = 0) {
    erase(key);
    if (count_max_ == 0 || bytes > bytes_max_) return;
    while (!by_age_.empty()
           && (by_age_.size() >= count_max_ || bytes_max_ - bytes_ < bytes || by_age_.front().forget_at <= now))
      erase(by_age_.front().key);
    by_age_.push_back({std::move(key), std::move(value), now + window_, bytes});
    by_key_.emplace(by_age_.back().key, std::prev(by_age_.end()));
    bytes_ += bytes;
  }

  /// Null for none; valid until the next change.
  [[nodiscard]] const Value* find(std::string_view key, protocol::TimePoint now) const {
    if (by_key_.empty()) return nullptr;  // without a look at the key
    const auto found = by_key_.find(key);
    return found == by_key_.end() || found->second->forget_at <= now ? nullptr : &found->second->value;
  }

  void erase(std::string_view key) {
    const auto found = by_key_.find(key);
    if (found == by_key_.end()) return;
    const auto place = found->second;
    by_key_.erase(found);
    bytes_ -= place->bytes;
    by_age_.erase(place);
  }

  [[nodiscard]] std::size_t size() const { return by_age_.size(); }
  /// What they take, as it was said.
  [[nodiscard]] std::size_t bytes() const { return bytes_; }

 private:
  struct Entry {
    std::string key;
    Value value;
    protocol::TimePoint forget_at;
    std::size_t bytes;
  };

  const std::size_t count_max_;
  const std::size_t bytes_max_;
  const std::chrono::milliseconds window_;
  std::size_t bytes_{0};
  std::list<Entry> by_age_;                                                           // the oldest first
  std::unordered_map<std::string_view, typename std::list<Entry>::iterator> by_key_;  // the keys are their entries'
};

}  // namespace pocketmq::server
