// What a codec makes of bytes, written down so that two decodings can be compared.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/codec/json_header.hpp"
#include "protocol/codec/make_codec.hpp"

namespace pocketmq::tests {

/// Everything that `output` would send; `output` stays as it is.
inline std::string bytes_of(const protocol::Output& output) {
  std::vector<std::string_view> buffers(64);
  auto filled = output.gather(buffers);
  while (filled == buffers.size()) {
    buffers.resize(2 * buffers.size());
    filled = output.gather(buffers);
  }
  std::string bytes;
  for (std::size_t i = 0; i < filled; ++i) bytes += buffers[i];
  return bytes;
}

inline std::string encoded(protocol::Codec& codec, const protocol::Command& command) {
  protocol::Output output;
  codec.encode(command, output);
  return bytes_of(output);
}

/// A command in full: in both encodings, since each leaves out what the other reserves.
inline std::string written_down(const protocol::Command& command) {
  std::string text = "channel " + std::to_string(command.channel) + " ";
  protocol::append_json_header(command, text);
  if (command.content) {
    text += " body: " + std::string{command.content->body};
    if (command.content->refused_size_bytes != 0)
      text += " refused: " + std::to_string(command.content->refused_size_bytes);
    if (!command.content->fault.empty()) text += " fault: " + std::string{command.content->fault};
  }
  return text + " amqp: " + encoded(*make_codec(protocol::Encoding::amqp, {}), command);
}

inline std::string written_down(const protocol::Violation& violation) {
  return "violation " + std::to_string(number_of(violation.code)) + " " + violation.text + " about "
         + std::to_string(violation.class_id) + "/" + std::to_string(violation.method_id);
}

/// One codec, fed piece by piece as a transport would.
class Decoding {
 public:
  explicit Decoding(protocol::Codec& codec) : codec_{codec} {}

  /// Reads `bytes` at most `piece_max` at a time, and calls `on_command` with each command. False after a violation.
  template <class OnCommand> bool feed(std::string_view bytes, std::size_t piece_max, OnCommand&& on_command) {
    while (!bytes.empty() && !refused_) {
      const auto room = codec_.prepare(input_);
      const auto piece = bytes.substr(0, std::min(piece_max, room.size()));
      std::memcpy(room.data(), piece.data(), piece.size());
      codec_.commit(input_, piece.size());
      bytes.remove_prefix(piece.size());
      decode(on_command);
    }
    return !refused_;
  }
  bool feed(std::string_view bytes, std::size_t piece_max = std::string_view::npos) {
    return feed(bytes, piece_max, [](const protocol::Command&) {});
  }

  /// What came of all that was fed: commands, heartbeats, and a violation at the end if there was one.
  [[nodiscard]] const std::vector<std::string>& transcript() const { return transcript_; }
  [[nodiscard]] protocol::InputBuffer& input() { return input_; }

 private:
  template <class OnCommand> void decode(OnCommand& on_command) {
    for (;;) {
      protocol::Command command;
      switch (codec_.decode(input_, command)) {
        case protocol::Decoded::need_more: return;
        case protocol::Decoded::command:
          transcript_.push_back(written_down(command));
          on_command(command);
          break;
        case protocol::Decoded::heartbeat: transcript_.emplace_back("heartbeat"); break;
        case protocol::Decoded::violation:
          transcript_.push_back(written_down(codec_.violation()));
          refused_ = true;
          return;
      }
    }
  }

  protocol::Codec& codec_;
  protocol::InputBuffer input_;
  std::vector<std::string> transcript_;
  bool refused_{false};
};

/// What a new codec makes of `bytes`, read at most `piece_max` at a time.
inline std::vector<std::string> transcript_of(protocol::Encoding encoding, std::string_view bytes,
                                              std::size_t piece_max = std::string_view::npos,
                                              const protocol::Limits& limits = {}) {
  const auto codec = make_codec(encoding, limits);
  Decoding decoding{*codec};
  decoding.feed(bytes, piece_max);
  return decoding.transcript();
}

}  // namespace pocketmq::tests
