#include "client/rpc/stream_reader.hpp"

#include <future>
#include <utility>

#include "client/link/waiting.hpp"

namespace pocketmq::client {

StreamReader::StreamReader(std::shared_ptr<Caller> caller, RpcRequest request, std::size_t unread_max)
    : caller_{std::move(caller)}, buffer_{std::make_shared<StreamBuffer>(unread_max)} {
  request.stops.push_back(stop_.get_token());
  request.on_element = [buffer = buffer_](std::string body) { return buffer->push(std::move(body)); };
  // If the call's callback is destroyed without being called, the executor was destroyed. Then the stream ends here, so
  // that readers do not wait forever.
  const std::shared_ptr<StreamBuffer> ended{buffer_.get(),
                                            [buffer = buffer_](StreamBuffer*) { buffer->end(executor_gone()); }};
  caller_->call(std::move(request), [ended](RpcResult result) { ended->end(std::move(result.error)); });
}

StreamItem StreamReader::next_and_wait() {
  caller_->refuse_to_block_here();
  std::promise<StreamItem> promise;
  auto taken = promise.get_future();
  next([promise = std::move(promise)](StreamItem item) mutable { promise.set_value(std::move(item)); });
  return wait_for(std::move(taken), caller_->clock());
}

}  // namespace pocketmq::client
