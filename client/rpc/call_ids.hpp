// The ids of a call on the wire.
#pragma once

#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <system_error>

#include "protocol/base/random_source.hpp"

namespace pocketmq::client {

/// A correlation id is the call's number and 128 random bits: "7-JzTY20BRgKO-HjmUJj0wLg". The client finds the call by
/// the number. Only those who were sent the request know the bits, so nobody else can answer or cancel the call.
/// (Numbers can be guessed, and each server that was ever called knows the callback queue.)
///
/// The message id, by which servers recognize repeats, has random bits of its own, because cancellations contain the
/// correlation id, and anybody may read those.
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

  /// The number at the start of a correlation id; 0 if no client of ours made the id.
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
