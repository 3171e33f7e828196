// A stream call under way. It gives the elements' bodies, from which `Stream<T>` reads values.
#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>

#include "client/rpc/caller.hpp"
#include "client/rpc/stream_buffer.hpp"

namespace pocketmq::client {

/// May be used from any thread, by one reader at a time.
class StreamReader {
 public:
  /// Makes the call. At most `unread_max` elements wait to be read.
  StreamReader(std::shared_ptr<Caller> caller, RpcRequest request, std::size_t unread_max);
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;
  ~StreamReader() { cancel(); }

  /// Calls `taken` once: now, or on the connection's thread when there is an element or the end.
  void next(StreamBuffer::Taken taken) { buffer_->next(std::move(taken)); }
  /// The same, and waits. Throws std::system_error(resource_deadlock_would_occur) on the connection's own thread.
  [[nodiscard]] StreamItem next_and_wait();
  /// Cancels the call. Elements that have come can still be read.
  void cancel() { stop_.request_stop(); }

  [[nodiscard]] const protocol::SerialExecutor& executor() const { return caller_->executor(); }

 private:
  const std::shared_ptr<Caller> caller_;
  const std::shared_ptr<StreamBuffer> buffer_;
  std::stop_source stop_;
};

}  // namespace pocketmq::client
