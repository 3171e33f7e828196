// Composes commands from a fuzz input: any bytes are some command, and a few bytes are one that goes deep, for names
// and arguments come from a small stock, so that clients meet at the same queues and exchanges.
#pragma once

#include <array>
#include <concepts>
#include <deque>
#include <iterator>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "protocol/vocabulary/command.hpp"

namespace pocketmq::tests {

/// Reads the input from front to back.
class Tape {
 public:
  explicit Tape(std::string_view bytes) : rest_{bytes} {}

  [[nodiscard]] bool over() const { return rest_.empty(); }
  /// 0 where the tape is over.
  [[nodiscard]] std::uint8_t byte() {
    const auto next = take(1);
    return next.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(next.front());
  }
  [[nodiscard]] std::string_view take(std::size_t at_most) {
    const auto taken = rest_.substr(0, at_most);
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view rest_;
};

class Composer {
 public:
  explicit Composer(Tape& tape) : tape_{tape} {}

  /// Its views live as long as the composer.
  [[nodiscard]] protocol::Command command(std::uint16_t channel) {
    protocol::Command made{.channel = channel, .method = method()};
    if (carries_content(made.method)) made.content = content();
    return made;
  }

  /// A name that the broker made, for later commands.
  void learn(std::string_view name) { learnt_ = name; }

 private:
  static constexpr std::array<std::string_view, 33> names{
      "",           "q",          "r",          "s",           "e",
      "f",          "a.b",        "a.#",        "*.b",         "#",
      "amq.direct", "amq.fanout", "amq.topic",  "amq.headers", "amq.rabbitmq.reply-to",
      "direct",     "fanout",     "topic",      "headers",     "x-dead-letter-exchange",
      "drop-head",  "quorum",     "classic",    "stream",      "reject-publish",
      "all",        "any",        "all-with-x", "0",           "50",
      "guest",      "any-with-x", "/"};
  static constexpr std::array<std::string_view, 20> arguments{"a",
                                                              "x-message-ttl",
                                                              "x-expires",
                                                              "x-max-length",
                                                              "x-max-length-bytes",
                                                              "x-overflow",
                                                              "x-dead-letter-exchange",
                                                              "x-dead-letter-routing-key",
                                                              "x-max-priority",
                                                              "x-single-active-consumer",
                                                              "x-delivery-limit",
                                                              "x-queue-type",
                                                              "x-consumer-timeout",
                                                              "x-priority",
                                                              "alternate-exchange",
                                                              "x-match",
                                                              "CC",
                                                              "BCC",
                                                              "x-delivery-count",
                                                              "x-death"};
  static constexpr unsigned depth_max = 3;

  // What a client says on a channel, publishes and acks more often than the rest.
  using Usual =
      std::variant<protocol::basic::Publish, protocol::basic::Ack, protocol::basic::Publish, protocol::basic::Nack,
                   protocol::basic::Publish, protocol::queue::Declare, protocol::basic::Consume, protocol::queue::Bind,
                   protocol::basic::Qos, protocol::basic::Cancel, protocol::basic::Get, protocol::basic::Reject,
                   protocol::basic::Recover, protocol::basic::RecoverAsync, protocol::basic::CancelOk,
                   protocol::queue::Unbind, protocol::queue::Purge, protocol::queue::Delete,
                   protocol::exchange::Declare, protocol::exchange::Delete, protocol::exchange::Bind,
                   protocol::exchange::Unbind, protocol::confirm::Select, protocol::tx::Select, protocol::tx::Commit,
                   protocol::tx::Rollback, protocol::channel::Open, protocol::channel::Flow, protocol::channel::Close,
                   protocol::access::Request>;

  [[nodiscard]] protocol::Method method() {
    const auto byte = tape_.byte();
    return byte < 224 ? one_of<Usual>(byte) : one_of<protocol::Method::variant>(tape_.byte());
  }

  template <class Methods> [[nodiscard]] protocol::Method one_of(std::size_t byte) {
    return one_of<Methods>(byte % std::variant_size_v<Methods>,
                           std::make_index_sequence<std::variant_size_v<Methods>>{});
  }

  template <class Methods, std::size_t... I>
  [[nodiscard]] protocol::Method one_of(std::size_t chosen, std::index_sequence<I...>) {
    protocol::Method made;
    ((I == chosen ? void(made = described<std::variant_alternative_t<I, Methods>>()) : void()), ...);
    return made;
  }

  [[nodiscard]] protocol::Content content() {
    auto& properties = texts_.emplace_back();
    encode(described<protocol::BasicProperties>(), properties);
    const auto size = tape_.byte();
    // Large ones take several frames.
    const std::size_t bytes = size < 192 ? size % 8U : (size - 191U) * 256U;
    return {.properties = protocol::Properties{properties}, .body = texts_.emplace_back(bytes, 'b')};
  }

  template <class T> [[nodiscard]] T described() {
    T made;
    T::describe(made, [&](const protocol::FieldName&, auto& value) { fill(value); });
    return made;
  }

  void fill(bool& value) { value = (tape_.byte() & 1U) != 0; }
  template <std::unsigned_integral T> void fill(T& value) {
    const auto byte = tape_.byte();
    const auto shift = 255U - byte;
    value = byte < 192 ? T{byte} : static_cast<T>(shift < sizeof(T) * 8 ? std::numeric_limits<T>::max() >> shift : 0);
  }
  void fill(protocol::ShortString& value) { value = name(); }
  void fill(protocol::LongString& value) {
    using namespace std::string_view_literals;
    value = (tape_.byte() & 1U) != 0 ? "\0guest\0guest"sv : name();
  }
  void fill(protocol::FieldTable& value) { value = table(0); }
  // Most properties are absent most of the time.
  template <class T> void fill(std::optional<T>& value) {
    if (tape_.byte() % 4 == 1) fill(value.emplace());
  }

  [[nodiscard]] std::string_view name() {
    const auto byte = tape_.byte();
    if (byte == 255) return texts_.emplace_back(learnt_);
    return names[byte % std::size(names)];
  }

  [[nodiscard]] protocol::FieldTable table(unsigned depth) {
    protocol::FieldTableWriter writer;
    for (auto fields = tape_.byte() % 4; fields > 0; --fields)
      add_value(writer, arguments[tape_.byte() % std::size(arguments)], depth);
    return protocol::FieldTable{texts_.emplace_back(writer.table().encoded())};
  }

  void add_value(protocol::FieldTableWriter& writer, std::string_view key, unsigned depth) {
    switch (tape_.byte() % 6) {
      case 0: writer.int32(key, tape_.byte()); break;
      case 1: writer.string(key, name()); break;
      case 2: writer.boolean(key, (tape_.byte() & 1U) != 0); break;
      case 3: writer.int64(key, -std::int64_t{tape_.byte()}); break;
      case 4: writer.table(key, depth < depth_max ? table(depth + 1) : protocol::FieldTable{}); break;
      default: writer.value(key, {'A', names_array()}); break;
    }
  }

  [[nodiscard]] std::string_view names_array() {
    std::string encoded;
    for (auto elements = tape_.byte() % 4; elements > 0; --elements) {
      protocol::FieldTableWriter writer;
      encoded += writer.string("", name()).table().encoded().substr(1);  // without the empty name
    }
    return texts_.emplace_back(std::move(encoded));
  }

  Tape& tape_;
  std::deque<std::string> texts_;
  std::string learnt_{"amq.gen-none"};
};

}  // namespace pocketmq::tests
