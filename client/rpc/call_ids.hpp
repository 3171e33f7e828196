// What a call is known by on the wire.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "protocol/base/random_source.hpp"

namespace pocketmq::client {

/// A correlation id is the call's number and 128 random bits: "7-JzTY20BRgKO-HjmUJj0wLg". The number finds the call,
/// and the bits are known only to those who were sent its request. So nobody else answers a call or cancels it, though
/// numbers can be guessed and callback queues are known to each server that was ever called.
///
/// The message id, by which servers tell repeats, has bits of its own: cancellations, which anybody may hear, tell
/// correlation ids.
class CallIds {
 public:
  CallIds(std::uint64_t number, protocol::RandomSource& random) {
    char* const dash = std::to_chars(correlation_id_.data(), correlation_id_.data() + number_size_max, number).ptr;
    *dash = '-';
    const auto* const end = protocol::write_random_name(random.bits128(), dash + 1);
    correlation_id_size_ = static_cast<std::size_t>(end - correlation_id_.data());
    protocol::write_random_name(random.bits128(), message_id_.data());
  }

  [[nodiscard]] std::string_view correlation_id() const { return {correlation_id_.data(), correlation_id_size_}; }
  [[nodiscard]] std::string_view message_id() const { return {message_id_.data(), message_id_.size()}; }

  /// The number that a correlation id begins with; 0 if it is none of a client's.
  [[nodiscard]] static std::uint64_t number_in(std::string_view correlation_id) {
    std::uint64_t number = 0;
    const auto* const end = correlation_id.data() + correlation_id.size();
    const auto [stop, error] = std::from_chars(correlation_id.data(), end, number);
    return error == std::errc{} && stop != end && *stop == '-' ? number : 0;
  }

 private:
  static constexpr std::size_t number_size_max = 20;

  std::array<char, number_size_max + 1 + protocol::random_name_size> correlation_id_;
  std::array<char, protocol::random_name_size> message_id_;
  std::size_t correlation_id_size_;
};

}  // namespace pocketmq::client
