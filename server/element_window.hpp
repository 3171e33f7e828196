// Limits how many elements of a stream are on their way from its handler to the connection.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <memory>
#include <mutex>

#include "client/values/asio_forward.hpp"
#include "client/values/callbacks.hpp"
#include "client/values/rpc_request.hpp"
#include "server/context.hpp"

namespace pocketmq::server {

/// `context` must live during each write, but not until its element is sent.
class ElementWindow : public std::enable_shared_from_this<ElementWindow> {
 public:
  explicit ElementWindow(Context& context) : context_{context} {}

  /// Waits for room. Throws RpcError: `cancelled`, or `resource_exhausted` if the element is larger than a message may
  /// be.
  void write(client::Payload element);
  /// Does not wait, but calls `done` when the next element may come: with null, or with one of the same errors.
  void async_write(client::Payload element, client::MoveOnlyFunction<void(std::exception_ptr)> done);

  [[nodiscard]] const asio::any_io_executor& executor() const { return context_.executor(); }

 private:
  class Slot;

  Context& context_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::size_t on_their_way_{0};  // guarded by mutex_
};

}  // namespace pocketmq::server
