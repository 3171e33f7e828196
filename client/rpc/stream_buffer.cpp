#include "client/rpc/stream_buffer.hpp"

#include <utility>

namespace pocketmq::client {

bool StreamBuffer::push(std::string body) {
  Taken taken;
  {
    const std::lock_guard lock{mutex_};
    taken = std::exchange(waiting_, nullptr);
    if (!taken) {
      if (unread_.size() >= unread_max_) return false;
      unread_.push_back(std::move(body));
      return true;
    }
  }
  taken({.body = std::move(body)});
  return true;
}

void StreamBuffer::end(std::optional<RpcError> error) {
  Taken taken;
  {
    const std::lock_guard lock{mutex_};
    if (end_) return;
    end_ = StreamItem{.error = error};
    taken = std::exchange(waiting_, nullptr);
  }
  if (taken) taken({.error = std::move(error)});
}

void StreamBuffer::next(Taken taken) {
  StreamItem item;
  {
    const std::lock_guard lock{mutex_};
    if (!unread_.empty()) {
      item.body = std::move(unread_.front());
      unread_.pop_front();
    } else if (end_) {
      item = *end_;
    } else if (waiting_) {
      item.error = RpcError{RpcCode::failed_precondition, "the stream's next element is waited for already"};
    } else {
      waiting_ = std::move(taken);
      return;
    }
  }
  taken(std::move(item));
}

}  // namespace pocketmq::client
