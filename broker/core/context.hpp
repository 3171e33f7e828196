// What all parts of one broker share: time, deadlines, backlog, observer, journal, options, memory, quotas, intake, the
// memory of wide publishes, and names and numbers that never repeat.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "broker/core/actor.hpp"
#include "broker/core/backlog.hpp"
#include "broker/core/clock.hpp"
#include "broker/core/deadline_heap.hpp"
#include "broker/core/intake.hpp"
#include "broker/core/memory.hpp"
#include "broker/core/observer.hpp"
#include "broker/core/options.hpp"
#include "broker/core/quota.hpp"
#include "broker/core/wide_publishes.hpp"
#include "broker/events/journal.hpp"
#include "protocol/base/random_source.hpp"

namespace pocketmq::broker {

class Context final : private EventClock, private Memory::Listener {
 public:
  Context(Options options, Observer* observer, ConnectionObserver* log = nullptr)
      : options_{std::move(options)}, observer_{observer}, log_{log}, random_{options_.seed} {
    clock_.set_wall_clock({}, options_.begins_at);
    journal_.keep_last(options_.journal_bytes);
  }

  [[nodiscard]] const Options& options() const { return options_; }

  [[nodiscard]] Clock& clock() { return clock_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }
  /// The clock's time.
  [[nodiscard]] TimePoint now() const { return clock_.now(); }
  /// What goes by the broker's time.
  [[nodiscard]] DeadlineHeap& deadlines() { return deadlines_; }
  /// What goes by the real time.
  [[nodiscard]] DeadlineHeap& real_deadlines() { return real_deadlines_; }

  [[nodiscard]] Memory& memory() { return memory_; }
  [[nodiscard]] Quotas& quotas() { return quotas_; }
  [[nodiscard]] WidePublishes& wide_publishes() { return wide_publishes_; }
  [[nodiscard]] Backlog& backlog() { return backlog_; }
  /// The budget of the current slice.
  [[nodiscard]] Budget& budget() { return backlog_.budget(); }
  [[nodiscard]] Intake& intake() { return intake_; }

  /// Calls a member function of the observer, if there is one: `context.tell(&Observer::on_published, message)`.
  template <class... Parameters, class... Args> void tell(void (Observer::*what)(Parameters...), const Args&... args) {
    if (observer_ != nullptr) (observer_->*what)(args...);
  }
  /// Calls a member function of the observer and of the log, as far as they exist.
  template <class... Parameters, class... Args>
  void tell(void (ConnectionObserver::*what)(Parameters...), Args&&... args) {
    if (observer_ != nullptr) (observer_->*what)(args...);
    if (log_ != nullptr) (log_->*what)(args...);
  }
  /// Whether anybody observes connections. If nobody does, callers need not compute what they would tell.
  [[nodiscard]] bool connections_are_observed() const { return observer_ != nullptr || log_ != nullptr; }

  [[nodiscard]] Journal& journal() { return journal_; }
  /// Whether somebody listens to what happens to messages.
  [[nodiscard]] bool tells_messages() const { return journal_.is_on(event::Category::messages); }
  /// Whose command is carried out now.
  [[nodiscard]] Actor& actor() { return actor_; }

  /// Returns 1, 2, ...
  [[nodiscard]] std::uint64_t next_session_number() { return ++sessions_; }
  /// The number of a message that is published now: 1, 2, ...; 0 if nobody listens.
  [[nodiscard]] std::uint64_t next_message_number() { return tells_messages() ? ++messages_ : 0; }

  /// The number that the next message gets; 0 if nobody listens.
  [[nodiscard]] std::uint64_t upcoming_message_number() const { return tells_messages() ? messages_ + 1 : 0; }

  /// Returns `prefix` and 22 characters that stand for 128 random bits, which nobody can guess:
  /// "amq.gen-JzTY20BRgKO-HjmUJj0wLg".
  [[nodiscard]] std::string unique_name(std::string_view prefix) {
    std::string name;
    name.reserve(prefix.size() + protocol::random_name_size);
    name += prefix;
    protocol::append_random_name(random_.bits128(), name);
    return name;
  }

 private:
  [[nodiscard]] event::Time event_time() const override {
    return {.shown = clock_.wall_time(), .ahead = clock_.ahead()};
  }

  void on_scarce() override {
    journal_.tell(event::MemoryScarce{.used_bytes = memory_.used(), .mark_bytes = memory_.mark()});
  }
  void on_freed() override {
    journal_.tell(event::MemoryFreed{.used_bytes = memory_.used(), .mark_bytes = memory_.mark()});
  }

  const Options options_;
  Observer* const observer_;
  ConnectionObserver* const log_;  // is told about connections, not about messages
  protocol::RandomSource random_;
  std::uint64_t sessions_{0};
  std::uint64_t messages_{0};
  Actor actor_{};
  Clock clock_{options_.clock_offset, options_.clock_is_frozen};
  Memory memory_{options_.memory_max_bytes, this};
  Journal journal_{*this, memory_};
  // The bytes of each object with its entries in tables and lists, without names. They are about what a process was
  // seen to grow by.
  Quotas quotas_{.connections = Quota{options_.connection_max, memory_, 0},  // sessions charge their own
                 .channels = Quota{std::numeric_limits<std::size_t>::max(), memory_, 768},
                 .queues = Quota{options_.queue_max, memory_, 640},
                 .exchanges = Quota{options_.exchange_max, memory_, 512},
                 .consumers = Quota{options_.consumer_max, memory_, 448},
                 .bindings = Quota{options_.binding_max, memory_, 288},
                 .argument_bytes = Quota{options_.argument_bytes_max, memory_, 1}};
  WidePublishes wide_publishes_{memory_};
  DeadlineHeap deadlines_;
  DeadlineHeap real_deadlines_;
  Intake intake_{memory_, real_deadlines_, clock_};
  Backlog backlog_;  // is destroyed first: its items refer to the other members
};

}  // namespace pocketmq::broker
