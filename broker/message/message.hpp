// A message: names, properties and body in one immutable block with a reference count. All queues and all unacked
// deliveries of the message share the block.
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
  /// How many dead letters the broker makes of a message by itself, that is until a client publishes or rejects one of
  /// them. The limit ends rings of dead-letter exchanges and repeated fan-outs.
  static constexpr std::uint32_t dead_letters_max = 16'384;

  /// Copies the names, the properties and the body. A body whose block nobody else uses, that ends at the block's end,
  /// and that has enough room in front stays where it is. `blind_copies` is the value of a BCC header that was removed
  /// from the properties: an encoded array. `number` is 0 for a message of which no journal tells.
  Message(std::string_view exchange, std::string_view routing_key, const protocol::Content& content,
          std::optional<std::chrono::milliseconds> time_to_live, std::string_view blind_copies = {},
          std::uint32_t dead_letters_left = dead_letters_max, std::uint64_t number = 0);

  [[nodiscard]] std::string_view exchange() const { return {names(), layout().exchange_size}; }
  [[nodiscard]] std::string_view routing_key() const {
    const auto& layout = this->layout();
    return {names() + layout.exchange_size, layout.routing_key_size};
  }
  [[nodiscard]] std::string_view blind_copies() const;
  /// Appends all routing keys of the message: its own, those of its CC header, and those of its blind copies. They are
  /// views into the message.
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
  /// The publisher's `expiration`. It is so short that it can be added to any time.
  [[nodiscard]] std::optional<std::chrono::milliseconds> time_to_live() const {
    return layout().has_extension() ? extension_time_to_live() : std::nullopt;
  }
  /// How many dead letters, counting dead letters of dead letters, the broker may still make of the message by itself.
  [[nodiscard]] std::uint32_t dead_letters_left() const {
    return layout().has_extension() ? extension().dead_letters_left : dead_letters_max;
  }
  /// What the journal calls the message; 0 if it was published while nobody listened.
  [[nodiscard]] std::uint64_t number() const { return layout().has_extension() ? extension().number : 0; }
  /// Only for a message that was constructed with another number than `dead_letters_max`, and only until a queue has
  /// it.
  void set_dead_letters_left(std::uint32_t left);
  /// Properties and body, as a delivery carries them. Views into the message.
  [[nodiscard]] protocol::Content content() const {
    return {.properties = properties(), .body = body(), .storage = block_};
  }

  /// The bytes that are charged, in addition to the message, for each queue entry and each unacked delivery.
  static constexpr std::size_t entry_bytes = 112;
  /// Charges the message to `account`: once, however many queues and deliveries hold it.
  void charge_to(protocol::MemoryAccount& account) const { block_->charge_to(account); }

 private:
  // The layout takes ten bytes, because most messages are short, and the names follow it without padding. It is written
  // and read in the same pieces: reading other pieces would stall the processor.
  struct [[gnu::packed]] Layout {
    static constexpr std::uint32_t extension_bit = 0x8000'0000;

    std::uint32_t body_offset;
    std::uint32_t properties_size_and_extension_bit;
    std::uint8_t exchange_size;
    std::uint8_t routing_key_size;

    [[nodiscard]] std::size_t properties_size() const { return properties_size_and_extension_bit & ~extension_bit; }
    [[nodiscard]] bool has_extension() const { return (properties_size_and_extension_bit & extension_bit) != 0; }
  };
  // Fields that most messages do not have.
  struct Extension {
    std::int64_t time_to_live_ms{-1};  // negative for none
    std::uint32_t blind_copies_size{0};
    std::uint32_t dead_letters_left{dead_letters_max};
    std::uint64_t number{0};
  };
  [[nodiscard]] const Layout& layout() const { return *std::launder(reinterpret_cast<const Layout*>(block_->data())); }
  [[nodiscard]] Extension extension() const;
  [[nodiscard]] std::optional<std::chrono::milliseconds> extension_time_to_live() const;
  [[nodiscard]] const char* names() const { return block_->data() + sizeof(Layout); }

  // In this order: the layout, exchange, routing key, properties, the optional fields with the blind copies (if the
  // message has any), unused room, and from `body_offset` to the block's end the body.
  protocol::Ref<protocol::Block> block_;
};

}  // namespace pocketmq::broker
