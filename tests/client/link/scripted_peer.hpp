// The broker's side of a client's connection, played by the test: no sockets, and the test's own clock.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/link/connection_core.hpp"
#include "protocol/codec/amqp_codec.hpp"
#include "protocol/codec/make_codec.hpp"
#include "tests/client/any_encoding.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::client {

using namespace std::chrono_literals;

/// Counts how often a callback was called, and keeps the last error.
struct Outcome {
  int times{0};
  std::error_code error{};

  auto record() {
    return [this](std::error_code with, auto&&...) {
      ++times;
      error = with;
    };
  }
};

class ScriptedPeer {
 public:
  explicit ScriptedPeer(protocol::Encoding encoding, Login login = {}, protocol::Limits limits = {})
      : client{std::make_shared<ConnectionCore>(encoding, std::move(login), limits, now)},
        encoding_{encoding},
        codec_{protocol::make_codec(encoding, limits)} {}

  /// Connected, with the handshake done.
  static ScriptedPeer open(protocol::Encoding encoding, protocol::TimePoint at = protocol::TimePoint{1h}) {
    ScriptedPeer peer{encoding};
    peer.now = at;
    peer.begins();
    peer.finishes_handshake();
    REQUIRE(peer.opened.times == 1);
    REQUIRE_FALSE(peer.opened.error);
    return peer;
  }

  void begins() { client->open(now + 10s, opened.record()); }

  void finishes_handshake(protocol::connection::Tune tune = {2'047, 131'072, 60}) {
    using namespace protocol;
    if (encoding_ == Encoding::amqp) {
      hears_header();
      says(0, connection::Start{.version_minor = 9, .mechanisms = "PLAIN AMQPLAIN", .locales = "en_US"});
      hears<connection::StartOk>(0);
      says(0, tune);
      hears<connection::TuneOk>(0);
    }
    hears<connection::Open>(0);
    says(0, connection::OpenOk{});
  }

  /// A new channel; the peer agrees where it is asked.
  std::shared_ptr<ChannelCore> opens_channel() {
    std::shared_ptr<ChannelCore> channel;
    client->open_channel([&](std::error_code error, auto opened_channel) {
      REQUIRE_FALSE(error);
      channel = std::move(opened_channel);
    });
    if (!channel) {
      const auto command = next();
      REQUIRE(std::holds_alternative<protocol::channel::Open>(command.method));
      says(command.channel, protocol::channel::OpenOk{});
    }
    REQUIRE(channel);
    return channel;
  }

  void says(std::uint16_t channel, const protocol::Method& method,
            std::optional<protocol::Content> content = std::nullopt) {
    protocol::Output output;
    codec_->encode({channel, method, std::move(content)}, output);
    says_bytes(drain(output));
  }

  void says_bytes(std::string_view bytes) {
    while (!bytes.empty() && client->wants_input()) {
      const auto room = client->prepare();
      const auto size = std::min(room.size(), bytes.size());
      std::copy_n(reinterpret_cast<const std::byte*>(bytes.data()), size, room.begin());
      client->commit(size, now);
      bytes.remove_prefix(size);
    }
  }

  void hears_header() {
    take_output();
    REQUIRE(input_->unread().substr(0, 8) == protocol::amqp_header);
    input_->consume(8);
  }

  /// The client's next command; its views are valid until the one after it.
  protocol::Command next() {
    take_output();
    protocol::Command command;
    auto decoded = codec_->decode(*input_, command);
    while (decoded == protocol::Decoded::heartbeat) decoded = codec_->decode(*input_, command);
    INFO(codec_->violation().text);
    REQUIRE(decoded == protocol::Decoded::command);
    return command;
  }

  /// The same, if there is one.
  std::optional<protocol::Command> next_if_any() {
    take_output();
    protocol::Command command;
    if (codec_->decode(*input_, command) != protocol::Decoded::command) return std::nullopt;
    return command;
  }

  template <class M> M hears(std::uint16_t channel) {
    heard = next();
    INFO("heard " << protocol::id_of(heard.method).name << " on channel " << heard.channel);
    REQUIRE(std::holds_alternative<M>(heard.method));
    CHECK(heard.channel == channel);
    return std::get<M>(heard.method);
  }

  bool hears_nothing() {
    take_output();
    protocol::Command command;
    return codec_->decode(*input_, command) == protocol::Decoded::need_more;
  }

  bool hears_heartbeat() {
    take_output();
    protocol::Command command;
    return codec_->decode(*input_, command) == protocol::Decoded::heartbeat;
  }

  void advance(std::chrono::milliseconds by) {
    const auto until = now + by;
    while (client->deadline() <= until) {
      now = std::max(now, client->deadline());
      client->tick(now);
      if (client->finished()) break;
    }
    now = until;
  }

  void vanishes() { client->disconnect(std::error_code{}, now); }

  protocol::TimePoint now{std::chrono::hours{1}};
  Outcome opened;
  std::shared_ptr<ConnectionCore> client;
  protocol::Command heard;  // the last command, with its content

 private:
  static std::string drain(protocol::Output& output) {
    std::string bytes;
    std::array<std::string_view, 16> pieces;
    while (!output.empty()) {
      std::size_t size = 0;
      for (std::size_t i = 0, n = output.gather(pieces); i < n; size += pieces[i++].size()) bytes += pieces[i];
      output.consume(size);
    }
    return bytes;
  }

  void take_output() {
    std::array<std::string_view, 16> pieces;
    while (!client->output().empty()) {
      std::size_t size = 0;
      for (std::size_t i = 0, n = client->output().gather(pieces); i < n; ++i) {
        auto rest = pieces[i];
        size += rest.size();
        while (!rest.empty()) {
          const auto room = codec_->prepare(*input_);
          const auto part = std::min(room.size(), rest.size());
          std::copy_n(reinterpret_cast<const std::byte*>(rest.data()), part, room.begin());
          codec_->commit(*input_, part);
          rest.remove_prefix(part);
        }
      }
      client->sent(size, now);
    }
  }

  protocol::Encoding encoding_;
  std::unique_ptr<protocol::Codec> codec_;
  std::unique_ptr<protocol::InputBuffer> input_{std::make_unique<protocol::InputBuffer>()};
};

}  // namespace pocketmq::client
