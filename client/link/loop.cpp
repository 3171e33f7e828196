#include "client/link/loop.hpp"

#include <future>
#include <system_error>
#include <typeinfo>

#include <asio/post.hpp>

namespace pocketmq::client {
namespace {

// The executor inside of `executor` if it is an Executor, else null. Asio 1.22's `target` does not check the type.
template <class Executor> const Executor* target_of(const asio::any_io_executor& executor) {
  return executor && executor.target_type() == typeid(Executor) ? executor.target<Executor>() : nullptr;
}

}  // namespace

std::shared_ptr<Loop> Loop::on_own_thread() {
  return std::shared_ptr<Loop>{new Loop{std::make_shared<asio::io_context>(1)}};
}

std::shared_ptr<Loop> Loop::on_executor(asio::any_io_executor executor) {
  const auto* shared = target_of<SerialExecutor>(executor);
  return std::shared_ptr<Loop>{new Loop{shared != nullptr ? *shared : SerialExecutor::on(std::move(executor))}};
}

Loop::Loop(std::shared_ptr<asio::io_context> own_context)
    : own_context_{std::move(own_context)},
      executor_{SerialExecutor::on(own_context_->get_executor())},
      clock_{protocol::clock_of(*own_context_)},
      random_{protocol::random_of(*own_context_)},
      work_guard_{own_context_->get_executor()},
      thread_{[context = own_context_] { context->run(); }} {}

Loop::~Loop() {
  work_guard_.reset();
  if (!thread_.joinable()) return;
  if (thread_.get_id() == std::this_thread::get_id())
    thread_.detach();  // it holds its context, and ends when no work is left
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
    // This runs after the tasks that are waiting now and after what those post.
    asio::post(*own_context_, [&] { executor_.post([&] { over.set_value(); }); });
  });
  over.get_future().wait();
}

// If the calling thread runs this loop's tasks, it must not wait: no task would run meanwhile.
bool Loop::blocks_here() const {
  const auto* context = own_context_ ? nullptr : target_of<asio::io_context::executor_type>(executor_.inner());
  return (context != nullptr && context->running_in_this_thread()) || executor_.runs_here();
}

}  // namespace pocketmq::client
