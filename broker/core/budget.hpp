// How many steps of work the current slice may still do. All work whose amount clients choose is counted as it is done.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pocketmq::broker {

class Budget {
 public:
  /// Begins a new slice of `steps`.
  void grant(std::int64_t steps) { left_ = steps; }
  /// Counts work that was done or is about to be done. The last piece of work may take more than is left.
  void use(std::size_t steps) { left_ -= static_cast<std::int64_t>(steps); }

  [[nodiscard]] bool is_used_up() const { return left_ <= 0; }
  /// Negative if the last piece of work took more than was left.
  [[nodiscard]] std::int64_t left() const { return left_; }

 private:
  std::int64_t left_{0};
};

/// Prices in steps. A step is about 20 nanoseconds on the machine on which they were measured
/// (tests/bench/turns_bench).
namespace steps {
inline constexpr std::size_t for_a_command = 10;         // handle it, without decoding it
inline constexpr std::size_t for_16_bytes_of_amqp = 1;   // decode them; bodies cost nothing
inline constexpr std::size_t for_16_bytes_of_json = 24;  // the same
inline constexpr std::size_t for_a_refusal = 200;        // close a channel: exception, reply, log
inline constexpr std::size_t for_checking_a_channel = 1;
inline constexpr std::size_t for_a_routing_key = 4;       // look it up
inline constexpr std::size_t for_a_binding = 4;           // follow it to its destination
inline constexpr std::size_t for_a_pattern_node = 4;      // follow a word of a routing key to it
inline constexpr std::size_t for_a_pattern_word = 16;     // add it to a topic exchange's patterns, or remove it
inline constexpr std::size_t for_a_header = 8;            // decode it
inline constexpr std::size_t for_a_required_header = 4;   // look it up in a message's headers
inline constexpr std::size_t for_a_queued_message = 20;   // enqueue it
inline constexpr std::size_t for_a_delivery = 20;         // send it to a consumer
inline constexpr std::size_t for_serving_consumers = 10;  // check whether a queue can deliver
inline constexpr std::size_t for_a_consumer = 6;          // ask whether it can take a message
inline constexpr std::size_t for_a_settlement = 8;        // ack, reject or requeue a delivery
inline constexpr std::size_t for_checking_a_delivery = 1;
inline constexpr std::size_t for_a_dead_letter = 60;  // write its properties and route it
inline constexpr std::size_t for_a_deadline = 10;
inline constexpr std::size_t for_a_deletion = 80;  // delete a queue, an exchange, a binding or a consumer
inline constexpr std::size_t pattern_instructions_a_step = 4;
/// Sorting a binding's arguments of that length.
[[nodiscard]] constexpr std::size_t for_sorting(std::size_t arguments_bytes) { return 2 * arguments_bytes; }
/// Looking up each of a binding's arguments in a headers exchange, to add the binding or to remove it.
[[nodiscard]] constexpr std::size_t for_required_headers(std::size_t arguments_bytes) { return 2 * arguments_bytes; }
/// Freeing a message. A large one takes as long as many small ones, and returning its pages to the system takes longer.
[[nodiscard]] constexpr std::size_t for_dropping(std::size_t body_bytes) { return 6 + body_bytes / 128; }
/// Copying or reading that many bytes.
[[nodiscard]] constexpr std::size_t for_reading(std::size_t bytes) { return bytes / 64; }
}  // namespace steps

}  // namespace pocketmq::broker
