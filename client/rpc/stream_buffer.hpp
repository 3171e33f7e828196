// The unread elements of a stream. Written on the connection's executor, read on any thread.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "client/values/callbacks.hpp"
#include "client/values/rpc_error.hpp"

namespace pocketmq::client {

/// An element's body. At the end of the stream: an error, or neither.
struct StreamItem {
  std::optional<std::string> body{};
  std::optional<RpcError> error{};
};

class StreamBuffer {
 public:
  using Taken = MoveOnlyFunction<void(StreamItem)>;

  explicit StreamBuffer(std::size_t unread_max) : unread_max_{unread_max} {}

  /// False if the buffer is full; the element is then dropped.
  [[nodiscard]] bool push(std::string body);
  /// Ends the stream. Only the first call counts.
  void end(std::optional<RpcError> error);

  /// Calls `taken` with the next element, at once or when it comes. After the last element each call gives the end.
  /// Only one `next` may wait at a time: a second one fails with `failed_precondition`.
  void next(Taken taken);

 private:
  const std::size_t unread_max_;
  std::mutex mutex_;  // guards what follows; not held while `taken` is called
  std::deque<std::string> unread_;
  std::optional<StreamItem> end_;
  Taken waiting_;
};

}  // namespace pocketmq::client
