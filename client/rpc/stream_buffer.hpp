// What a stream has brought and its reader has not taken yet: written where the connection runs, read anywhere.
#pragma once

#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <string>

#include "client/values/callbacks.hpp"
#include "client/values/rpc_error.hpp"

namespace pocketmq::client {

/// An element's body; or an error, or neither of them, at the end.
struct StreamItem {
  std::optional<std::string> body{};
  std::optional<RpcError> error{};
};

class StreamBuffer {
 public:
  using Taken = MoveOnlyFunction<void(StreamItem)>;

  explicit StreamBuffer(std::size_t unread_max) : unread_max_{unread_max} {}

  /// False if it is full: then the element is not taken.
  [[nodiscard]] bool push(std::string body);
  /// Nothing more comes. Of several ends the first one counts.
  void end(std::optional<RpcError> error);

  /// Gives the next element, at once or when it has come; the end again and again. One `next` at a time: another one
  /// fails with `failed_precondition`.
  void next(Taken taken);

 private:
  const std::size_t unread_max_;
  std::mutex mutex_;  // guards what follows; not held while `taken` is called
  std::deque<std::string> unread_;
  std::optional<StreamItem> end_;
  Taken waiting_;
};

}  // namespace pocketmq::client
