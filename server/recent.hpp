// A table of the latest values. It is limited in number, in bytes and in age; the oldest values are removed first.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "protocol/base/text_hash.hpp"
#include "protocol/end/connection_end.hpp"

namespace pocketmq::server {

struct RecentBounds {
  std::size_t count_max;
  std::size_t bytes_max;
  std::chrono::milliseconds window;
};

template <class Value> class Recent {
 public:
  explicit Recent(const RecentBounds& bounds) : bounds_{bounds} {}

  /// Replaces the value of the same key. `bytes` is the memory that the value owns besides itself. A value larger than
  /// the bound on all bytes is not kept. `now` never goes back.
  void put(std::string key, Value value, std::size_t bytes, protocol::TimePoint now) {
    erase(key);
    bytes += sizeof(Entry) + key.size();
    const bool fits = bounds_.count_max > 0 && bytes <= bounds_.bytes_max;
    while (!by_age_.empty()
           && (by_age_.front().forget_at <= now
               || (fits && (by_age_.size() >= bounds_.count_max || bytes_ > bounds_.bytes_max - bytes))))
      erase(by_age_.front().key);
    if (!fits) return;
    bytes_ += bytes;
    by_age_.push_back({std::move(key), std::move(value), bytes, now + bounds_.window});
    by_key_.emplace(by_age_.back().key, std::prev(by_age_.end()));
  }

  /// Null if there is none. Valid until the next change.
  [[nodiscard]] const Value* find(std::string_view key, protocol::TimePoint now) const {
    if (by_key_.empty()) return nullptr;  // saves hashing the key
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

 private:
  struct Entry {
    std::string key;
    Value value;
    std::size_t bytes;
    protocol::TimePoint forget_at;
  };

  const RecentBounds bounds_;
  std::size_t bytes_{0};
  std::list<Entry> by_age_;  // the oldest first
  std::unordered_map<std::string_view, typename std::list<Entry>::iterator, protocol::TextHash>
      by_key_;  // the keys are views of the entries' keys
};

}  // namespace pocketmq::server
