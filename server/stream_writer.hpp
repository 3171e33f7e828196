// How a handler sends several replies to one request:
//
//     server.serve("count", [](StreamWriter<int>& numbers, int n) {
//       for (int i = 0; i < n; ++i) numbers.write(i);
//     });
//
// The stream ends when the handler returns. If the handler throws, the stream fails for its reader.
#pragma once

#include <exception>
#include <memory>
#include <utility>

#include "client/json/rpc_json.hpp"
#include "client/link/completion.hpp"
#include "server/context.hpp"
#include "server/element_window.hpp"

namespace pocketmq::server {

/// A handler's parameter, after its Context& if it has one. It lives until the handler ends.
template <class T> class StreamWriter {
 public:
  explicit StreamWriter(Context& context) : window_{std::make_shared<ElementWindow>(context)} {}
  StreamWriter(const StreamWriter&) = delete;
  StreamWriter& operator=(const StreamWriter&) = delete;

  /// Sends the next element. Waits while 64 elements are on their way to the connection; they stay on their way while
  /// 1 MiB or more waits to be sent to the broker. Throws RpcError(cancelled) once nobody reads the stream any more.
  void write(const T& element) { window_->write(client::rpc_json::encode_result(element)); }

  /// The same without blocking: void(std::exception_ptr). One at a time: `co_await out.async_write(i, use_awaitable)`.
  template <class Token> auto async_write(const T& element, Token&& token) {
    return client::initiate<std::exception_ptr>(
        window_, std::forward<Token>(token),
        [payload = client::rpc_json::encode_result(element)](ElementWindow& window, auto done) mutable {
          window.async_write(std::move(payload), std::move(done));
        });
  }

 private:
  const std::shared_ptr<ElementWindow> window_;
};

}  // namespace pocketmq::server
