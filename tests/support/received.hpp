// The commands that a client has received, and its codec.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "protocol/codec/make_codec.hpp"
#include "protocol/vocabulary/method.hpp"

namespace pocketmq::tests {

using protocol::Encoding;

/// A command that came from the broker, with its texts.
struct Received {
  std::uint16_t channel{0};
  protocol::Method method{};
  std::string properties;  // encoded
  std::string body;
  std::list<std::string> texts;  // what the method's views look at; they stay where they are when this is moved

  [[nodiscard]] protocol::BasicProperties decoded_properties() const {
    return protocol::Properties{properties}.decode();
  }
};

/// As one line: "basic.deliver delivery_tag=1 ...".
[[nodiscard]] std::string described(const Received& received);

/// A client's side of a codec: bytes become what was received, commands become bytes.
class Speech {
 public:
  explicit Speech(Encoding encoding) : codec_{protocol::make_codec(encoding, {.json_values_max = 0})} {}

  /// Takes in bytes from the broker. Throws where they are malformed.
  void hear(std::string_view bytes);
  [[nodiscard]] std::string say(const protocol::Command& command);
  [[nodiscard]] std::string say_heartbeat();
  [[nodiscard]] protocol::Codec& codec() { return *codec_; }

  /// The tag of the latest delivery of that body.
  [[nodiscard]] std::optional<std::uint64_t> latest_tag(std::uint16_t channel, std::string_view body) const;

  std::list<Received> heard;  // oldest first, until it is taken
  int heartbeats{0};

 private:
  void keep(const protocol::Command& command);

  std::unique_ptr<protocol::Codec> codec_;
  protocol::InputBuffer input_;
  std::map<std::pair<std::uint16_t, std::string>, std::uint64_t> latest_tags_;  // by channel and body
};

/// Appends the first bytes of what waits in `output`, at most that many, and leaves them there.
void append_waiting(const protocol::Output& output, std::size_t at_most, std::string& to);

}  // namespace pocketmq::tests
