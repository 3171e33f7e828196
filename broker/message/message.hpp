// A message: names, properties and body in one counted block, immutable. All queues it is in, and its unacked
// deliveries, share it.
#pragma once

#include <chrono>
#include <cstdint>
#include <new>
#include <optional>
#include <string_view>
#include <vector>

#include "protocol/vocabulary/command.hpp"

namespace pocketmq::broker {

class Message {
 public:
  Message() = default;
  /// How many dead letters the broker makes of a message by itself: without a client that publishes or rejects it.
  /// Where queues and their dead-letter exchanges form a ring, or each passes on to many, this is the end of it.
  static constexpr std::uint32_t dead_letters_max = 16'384;

  /// Copies the names, the properties and the body; a body that has a block to itself, up to its end, stays where it
  /// is.
  /// `blind_copies` is the value of a BCC header that was taken out of the properties: an encoded array.
  Message(std::string_view exchange, std::string_view routing_key, const protocol::Content& content,
          std::optional<std::chrono::milliseconds> time_to_live, std::string_view blind_copies = {},
          std::uint32_t dead_letters_left = dead_letters_max);

  [[nodiscard]] std::string_view exchange() const { return {names(), layout().exchange_size}; }
  [[nodiscard]] std::string_view routing_key() const {
    const auto& layout = this->layout();
    return {names() + layout.exchange_size, layout.routing_key_size};
  }
  [[nodiscard]] std::string_view blind_copies() const;
  /// All keys by which it is routed: its own, those of its CC header, those of its blind copies. Views into the
  /// message.
  void append_routing_keys(std::vector<std::string_view>& to) const;
  [[nodiscard]] bool has_headers() const { return properties().headers().has_value(); }
  [[nodiscard]] protocol::Properties properties() const {
    const auto& layout = this->layout();
    return protocol::Properties{{names() + layout.exchange_size + layout.routing_key_size, layout.properties_size()}};
  }
  [[nodiscard]] std::string_view body() const {
    const auto offset = layout().body_offset;
    return {block_->data() + offset, block_->capacity() - offset};
  }
  /// The publisher's `expiration`; far from the clock's end.
  [[nodiscard]] std::optional<std::chrono::milliseconds> time_to_live() const {
    return layout().has_rare() ? rare_time_to_live() : std::nullopt;
  }
  /// How many dead letters, and dead letters of those, the broker may still make of it by itself.
  [[nodiscard]] std::uint32_t dead_letters_left() const {
    return layout().has_rare() ? rare().dead_letters_left : dead_letters_max;
  }
  /// For a message that was made with another number than `dead_letters_max`, and only until a queue has it.
  void set_dead_letters_left(std::uint32_t left);
  /// Properties and body, as a delivery carries them: views into the message.
  [[nodiscard]] protocol::Content content() const {
    return {.properties = properties(), .body = body(), .storage = block_};
  }

  /// What its holder charges beside it for each place: a queue's entry or an unacked delivery, with what points to it.
  static constexpr std::size_t place_bytes = 112;
  /// The message is held for long: it is charged to `account`, once for all places that it is in.
  void charge_to(protocol::MemoryAccount& account) const { block_->charge_to(account); }

 private:
  // A short message is hardly longer than what describes it: so that is ten bytes, and the names follow at once.
  // It is read in place, in the pieces in which it was written: a processor would wait for others.
  struct [[gnu::packed]] Layout {
    static constexpr std::uint32_t rare_bit = 0x8000'0000;

    std::uint32_t body_offset;
    std::uint32_t properties_size_and_rare_bit;
    std::uint8_t exchange_size;
    std::uint8_t routing_key_size;

    [[nodiscard]] std::size_t properties_size() const { return properties_size_and_rare_bit & ~rare_bit; }
    [[nodiscard]] bool has_rare() const { return (properties_size_and_rare_bit & rare_bit) != 0; }
  };
  struct Rare {
    std::int64_t time_to_live_ms{-1};  // negative: none
    std::uint32_t blind_copies_size{0};
    std::uint32_t dead_letters_left{dead_letters_max};
  };
  [[nodiscard]] const Layout& layout() const { return *std::launder(reinterpret_cast<const Layout*>(block_->data())); }
  [[nodiscard]] Rare rare() const;
  [[nodiscard]] std::optional<std::chrono::milliseconds> rare_time_to_live() const;
  [[nodiscard]] const char* names() const { return block_->data() + sizeof(Layout); }

  // The layout; exchange, routing key and properties behind it; what is rare, with blind copies behind it, if there is
  // any; and at its offset, up to the block's end, the body.
  protocol::Ref<protocol::Block> block_;
};

}  // namespace pocketmq::broker
