// How much work the slice that is going on may still do, in steps: whatever can be very much is counted as it is done.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pocketmq::broker {

class Budget {
 public:
  /// A new slice begins.
  void grant(std::int64_t steps) { left_ = steps; }
  /// Work was done, or is about to be. The last piece may take more than is left.
  void use(std::size_t steps) { left_ -= static_cast<std::int64_t>(steps); }

  [[nodiscard]] bool is_used_up() const { return left_ <= 0; }
  /// Negative if the last piece of work took more than was left.
  [[nodiscard]] std::int64_t left() const { return left_; }

 private:
  std::int64_t left_{0};
};

/// What things cost: a step is about 20 nanoseconds on the machine where they were measured (tests/bench/turns_bench).
namespace steps {
inline constexpr std::size_t for_a_command = 10;         // look at it, beside decoding it
inline constexpr std::size_t for_16_bytes_of_amqp = 1;   // decode them, of all but a body
inline constexpr std::size_t for_16_bytes_of_json = 24;  // the same
inline constexpr std::size_t for_a_refusal = 200;        // a channel is closed: exception, answer, log
inline constexpr std::size_t for_a_look_at_a_channel = 1;
inline constexpr std::size_t for_a_routing_key = 4;      // look it up
inline constexpr std::size_t for_a_binding = 4;          // see where it leads
inline constexpr std::size_t for_a_pattern_node = 4;     // follow a topic's word to it
inline constexpr std::size_t for_a_pattern_word = 16;    // a binding's pattern grows by it, or loses it
inline constexpr std::size_t for_a_header = 8;           // learn what it says
inline constexpr std::size_t for_a_wanted_header = 4;    // ask a message for it
inline constexpr std::size_t for_a_queued_message = 20;  // a queue takes it
inline constexpr std::size_t for_a_delivery = 20;        // a consumer gets it
inline constexpr std::size_t for_a_pump = 10;            // a queue looks whether it can deliver
inline constexpr std::size_t for_a_consumer = 6;         // ask whether it can take a message
inline constexpr std::size_t for_a_settlement = 8;       // a delivery is acked, rejected or requeued
inline constexpr std::size_t for_a_look_at_a_delivery = 1;
inline constexpr std::size_t for_a_dead_letter = 60;  // its properties are written and it is routed
inline constexpr std::size_t for_a_deadline = 10;
inline constexpr std::size_t for_a_deletion = 80;  // a queue, an exchange, a binding or a consumer goes
inline constexpr std::size_t pattern_instructions_a_step = 4;
/// A binding's arguments, which are so long, are brought into order.
[[nodiscard]] constexpr std::size_t for_sorting(std::size_t arguments_bytes) { return 2 * arguments_bytes; }
/// A headers exchange looks up each of a binding's arguments, to keep it or to remove it.
[[nodiscard]] constexpr std::size_t for_wanted_headers(std::size_t arguments_bytes) { return 2 * arguments_bytes; }
/// Freeing a large message takes as long as freeing many small ones, and giving back its pages longer.
[[nodiscard]] constexpr std::size_t for_dropping(std::size_t body_bytes) { return 6 + body_bytes / 128; }
/// Copying so many bytes, or reading through them.
[[nodiscard]] constexpr std::size_t for_reading(std::size_t bytes) { return bytes / 64; }
}  // namespace steps

}  // namespace pocketmq::broker
