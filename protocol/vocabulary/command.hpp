// A command: a method on a channel, with its content if it carries one. It is what two ends of a connection exchange.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/base/block.hpp"
#include "protocol/vocabulary/method.hpp"
#include "protocol/vocabulary/properties.hpp"
#include "protocol/vocabulary/reply_code.hpp"

namespace pocketmq::protocol {

/// Properties and body of a message. Both are views. If the body has a block of its own, `storage` refers to it.
struct Content {
  Properties properties{};
  std::string_view body{};
  /// If set, `body` lies in this block. An `Output` sends it from there, and holds the reference until it is sent. A
  /// body that a codec has assembled begins at least `body_headroom()` bytes after the block's start, so that names and
  /// properties can be written in front of it.
  Ref<Block> storage{};
  /// If not 0, the sender has announced this many bytes, which is more than `Limits::body_max_bytes`. `body` is then
  /// empty.
  std::uint64_t refused_size_bytes{0};
  /// If not empty, why a part of the content could not be read; only if `Limits::on_fault` says `report`. The content
  /// has what could be read. Valid as long as the other views.
  std::string_view fault{};
};

struct Command {
  std::uint16_t channel{0};
  Method method{};
  std::optional<Content> content{};
};

/// An error of the protocol that ends the connection, with the fields of its connection.close.
struct Violation {
  ReplyCode code{};
  std::string text{};
  std::uint16_t class_id{0};
  std::uint16_t method_id{0};
};

}  // namespace pocketmq::protocol
