// A stream call under way, as bodies: `Stream<T>` reads values from it.
#pragma once

#include <cstddef>
#include <memory>
#include <stop_token>

#include "client/rpc/rpc_caller.hpp"
#include "client/rpc/stream_buffer.hpp"

namespace pocketmq::client {

/// From any thread, by one reader at a time.
class StreamReader {
 public:
  /// Makes the call. At most `unread_max` elements wait to be read.
  StreamReader(std::shared_ptr<RpcCaller> caller, RpcRequest request, std::size_t unread_max);
  StreamReader(const StreamReader&) = delete;
  StreamReader& operator=(const StreamReader&) = delete;
  ~StreamReader() { cancel(); }

  /// `taken` is called once: now, or on the connection's thread when there is something.
  void next(StreamBuffer::Taken taken) { buffer_->next(std::move(taken)); }
  /// Waits. Throws std::system_error(resource_deadlock_would_occur) on the connection's own thread.
  [[nodiscard]] StreamItem next_and_wait();
  /// Has the handler stopped. What has come can still be read.
  void cancel() { stop_.request_stop(); }

  [[nodiscard]] const SerialExecutor& executor() const { return caller_->executor(); }

 private:
  const std::shared_ptr<RpcCaller> caller_;
  const std::shared_ptr<StreamBuffer> buffer_;
  std::stop_source stop_;
};

}  // namespace pocketmq::client
