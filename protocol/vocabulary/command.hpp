// What travels between two ends: a method on a channel, with its content if it carries one.
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

/// Properties and body of a message. Views, with a block behind the body where it already has one of its own.
struct Content {
  Properties properties{};
  std::string_view body{};
  /// Where set, `body` lies in this block; an `Output` sends from there and holds the reference until it has.
  /// A body that a codec assembled begins `headroom()` bytes into its block or later, so that names and properties
  /// can be put in front of it.
  Ref<Block> storage{};
  /// Where not 0, the sender announced this many bytes, more than `Limits::body_max_bytes`; `body` is then empty.
  std::uint64_t refused_size_bytes{0};
  /// Not empty: why a part of it could not be read, where the codec was told to go on without (`Limits::on_fault`).
  /// What could be read is there. Valid as long as the other views.
  std::string_view fault{};
};

struct Command {
  std::uint16_t channel{0};
  Method method{};
  std::optional<Content> content{};
};

/// A breach of the protocol that ends the connection, with what its close says.
struct Violation {
  ReplyCode code{};
  std::string text{};
  std::uint16_t class_id{0};
  std::uint16_t method_id{0};
};

}  // namespace pocketmq::protocol
