#include "client/loop.hpp"

#include <future>
#include <system_error>

#include <asio/post.hpp>

namespace pocketmq::client {

std::shared_ptr<Loop> Loop::on_own_thread() {
  return std::shared_ptr<Loop>{new Loop{std::make_shared<asio::io_context>(1)}};
}

std::shared_ptr<Loop> Loop::on_executor(asio::any_io_executor executor) {
  const auto* shared = executor.target<SerialExecutor>();
  return std::shared_ptr<Loop>{new Loop{shared != nullptr ? *shared : SerialExecutor::on(std::move(executor))}};
}

Loop::Loop(std::shared_ptr<asio::io_context> own_context)
    : own_context_{std::move(own_context)},
      executor_{SerialExecutor::on(own_context_->get_executor())},
      stays_{own_context_->get_executor()},
      thread_{[context = own_context_] { context->run(); }} {}

Loop::~Loop() {
  stays_.reset();
  if (!thread_.joinable()) return;
  if (thread_.get_id() == std::this_thread::get_id())
    thread_.detach();  // it holds its context itself, and ends when it has nothing left to do
  else
    thread_.join();
}

void Loop::refuse_to_block_here() const {
  if (blocks_here())
    throw std::system_error{
        std::make_error_code(std::errc::resource_deadlock_would_occur),
        "a blocking call on the connection's own thread would wait for itself; use a completion token"};
}

void Loop::close_and_wait(MoveOnlyFunction<void(Done<>)> close) {
  if (!own_context_ || executor_.runs_here()) return close([](std::error_code) {});
  std::promise<void> over;
  close([&](std::error_code) {
    // Behind what the thread has to do by then comes what that posts, and then this.
    asio::post(*own_context_, [&] { executor_.post([&] { over.set_value(); }); });
  });
  over.get_future().wait();
}

// What the caller's thread should run does not run while that waits.
bool Loop::blocks_here() const {
  const auto* context = own_context_ ? nullptr : executor_.inner().target<asio::io_context::executor_type>();
  return (context != nullptr && context->running_in_this_thread()) || executor_.runs_here();
}

}  // namespace pocketmq::client
