// A copy of a command that owns all that the command refers to.
#pragma once

#include <memory>
#include <string>

#include "protocol/codec/codec.hpp"

namespace pocketmq::broker {

/// The command's bytes, as the codec sends them.
[[nodiscard]] std::string encoded(const protocol::Command& command, protocol::Codec& codec);

class OwnedCommand {
 public:
  /// `codec` is one that has read or could send the command.
  OwnedCommand(const protocol::Command& command, protocol::Codec& codec);
  OwnedCommand(const OwnedCommand&) = delete;
  OwnedCommand& operator=(const OwnedCommand&) = delete;

  /// Its views are valid as long as this object.
  [[nodiscard]] protocol::Command& command() { return command_; }

 private:
  protocol::InputBuffer input_;
  std::unique_ptr<protocol::Codec> codec_;
  protocol::Command command_;
};

}  // namespace pocketmq::broker
