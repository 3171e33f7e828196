#include "server/handler_threads.hpp"

#include <algorithm>

namespace pocketmq::server {

void HandlerThreads::grow_to(std::size_t count) {
  while (threads_.size() < std::min(count, threads_max_)) threads_.emplace_back([this] { context_.run(); });
}

void HandlerThreads::join() {
  work_guard_.reset();
  for (auto& thread : threads_) thread.join();
  threads_.clear();
}

}  // namespace pocketmq::server
