#include "broker/session/owned_command.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "protocol/codec/make_codec.hpp"

namespace pocketmq::broker {

std::string encoded(const protocol::Command& command, protocol::Codec& codec) {
  protocol::Output output;
  codec.encode(command, output);
  std::string bytes;
  bytes.reserve(output.size());
  std::array<std::string_view, 32> pieces;
  while (!output.empty()) {
    std::size_t taken = 0;
    for (std::size_t i = 0, count = output.gather(pieces); i < count; ++i) {
      bytes += pieces[i];
      taken += pieces[i].size();
    }
    output.consume(taken);
  }
  return bytes;
}

OwnedCommand::OwnedCommand(const protocol::Command& command, protocol::Codec& codec)
    : codec_{protocol::make_codec(codec.encoding(), codec.limits())} {
  const auto bytes = encoded(command, codec);
  for (std::size_t given = 0; given < bytes.size();) {
    const auto room = codec_->prepare(input_);
    const auto count = std::min(room.size(), bytes.size() - given);
    std::memcpy(room.data(), bytes.data() + given, count);
    codec_->commit(input_, count);
    given += count;
    const auto decoded = codec_->decode(input_, command_);
    if (decoded == protocol::Decoded::command) return;
    if (decoded != protocol::Decoded::need_more) break;
  }
  throw std::logic_error{"a command that was encoded cannot be decoded"};
}

}  // namespace pocketmq::broker
