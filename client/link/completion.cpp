#include "client/link/completion.hpp"

#include <asio/any_io_executor.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <asio/system_executor.hpp>

#include "protocol/io/serial_executor.hpp"

namespace pocketmq::client {

Post post_on(const asio::any_io_executor& executor) {
  return [work = asio::make_work_guard(executor)](MoveOnlyFunction<void()> task) {
    asio::post(work.get_executor(), std::move(task));
  };
}

// Does not count outstanding work of the executor.
Post post_serially(const protocol::SerialExecutor& executor) {
  return [executor](MoveOnlyFunction<void()> task) { executor.post(std::move(task)); };
}

void post_on_system(MoveOnlyFunction<void()> task) { asio::post(asio::system_executor{}, std::move(task)); }

}  // namespace pocketmq::client
