// A journal whose time the test sets, with a memory account of its own.
#pragma once

#include <chrono>

#include "broker/events/journal.hpp"

namespace pocketmq::tests {

class JournalUnderTest : private broker::EventClock, private protocol::MemoryAccount {
 public:
  /// Of the next events. At first 2026-11-30T10:15:02.123456Z, by a clock that is not ahead.
  broker::event::Time time{.shown = std::chrono::sys_days{std::chrono::year{2026} / 11 / 30} + std::chrono::hours{10}
                                    + std::chrono::minutes{15} + std::chrono::seconds{2}
                                    + std::chrono::microseconds{123'456}};

  broker::Journal journal{*this, *this};

  /// What is charged for the ring.
  [[nodiscard]] std::size_t charged() const { return used(); }

 private:
  [[nodiscard]] broker::event::Time event_time() const override { return time; }
};

}  // namespace pocketmq::tests
