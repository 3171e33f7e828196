// What every part of one broker shares: the time, the deadlines, the observer, the options, the memory, the quotas, the
// litter, who reads what comes, who awaits direct replies, and names and numbers that never repeat.
#pragma once

#include <cstdint>
#include <limits>
#include <random>
#include <string>

#include "broker/deadline_heap.hpp"
#include "broker/direct_reply.hpp"
#include "broker/intake.hpp"
#include "broker/litter.hpp"
#include "broker/memory.hpp"
#include "broker/observer.hpp"
#include "broker/options.hpp"
#include "broker/quota.hpp"

namespace pocketmq::broker {

class Context {
 public:
  Context(Options options, Observer* observer)
      : options_{std::move(options)}, observer_{observer}, random_{options_.seed} {}

  [[nodiscard]] const Options& options() const { return options_; }

  /// The time last observed. It never goes back.
  [[nodiscard]] TimePoint now() const { return now_; }
  void observe(TimePoint now) { now_ = std::max(now_, now); }
  /// What the wall clock shows: for the times that people read. Until it is set, time counts from the epoch.
  void set_wall_clock(TimePoint at, std::chrono::system_clock::time_point shows) {
    wall_clock_ahead_ = shows.time_since_epoch() - at.time_since_epoch();
  }
  [[nodiscard]] std::chrono::seconds since_epoch() const {
    return std::chrono::floor<std::chrono::seconds>(now_.time_since_epoch() + wall_clock_ahead_);
  }
  [[nodiscard]] DeadlineHeap& deadlines() { return deadlines_; }

  [[nodiscard]] Memory& memory() { return memory_; }
  [[nodiscard]] Quotas& quotas() { return quotas_; }
  [[nodiscard]] Intake& intake() { return intake_; }
  [[nodiscard]] Litter& litter() { return litter_; }
  [[nodiscard]] DirectReplies& direct_replies() { return direct_replies_; }

  /// Calls a member of the observer, if there is one: `context.tell(&Observer::on_published, message)`.
  template <class... Parameters, class... Args> void tell(void (Observer::*what)(Parameters...), const Args&... args) {
    if (observer_ != nullptr) (observer_->*what)(args...);
  }

  /// 1, 2, ...
  [[nodiscard]] std::uint64_t next_session_number() { return ++sessions_; }

  /// `prefix` and 22 characters of RabbitMQ's alphabet, 128 bits: "amq.gen-JzTY20BRgKO-HjmUJj0wLg".
  [[nodiscard]] std::string unique_name(std::string_view prefix) {
    static constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    std::string name;
    name.reserve(prefix.size() + 22);
    name += prefix;
    std::uint64_t bits = 0;
    for (int i = 0; i < 22; ++i, bits /= alphabet.size()) {
      if (i % 10 == 0) bits = random_();  // enough for 10 characters
      name += alphabet[bits % alphabet.size()];
    }
    return name;
  }

 private:
  const Options options_;
  Observer* const observer_;
  std::mt19937_64 random_;
  std::uint64_t sessions_{0};
  Memory memory_{options_.memory_max_bytes};
  // What each takes with its places in tables and lists, but for names: about what a process was seen to grow by.
  Quotas quotas_{.connections = Quota{options_.connection_max, memory_, 0},  // charged from their first byte on
                 .channels = Quota{std::numeric_limits<std::size_t>::max(), memory_, 768},
                 .queues = Quota{options_.queue_max, memory_, 640},
                 .exchanges = Quota{options_.exchange_max, memory_, 512},
                 .consumers = Quota{options_.consumer_max, memory_, 448},
                 .bindings = Quota{options_.binding_max, memory_, 288},
                 .argument_bytes = Quota{options_.argument_bytes_max, memory_, 1}};
  DeadlineHeap deadlines_;
  Litter litter_{*this};
  Intake intake_{*this};
  DirectReplies direct_replies_{*this};
  TimePoint now_{};
  TimePoint::duration wall_clock_ahead_{0};
};

}  // namespace pocketmq::broker
