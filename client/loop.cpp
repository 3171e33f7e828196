#include "client/loop.hpp"

#include <future>
#include <system_error>

#include <asio/post.hpp>

namespace pocketmq::client {

std::shared_ptr<Loop> Loop::on_own_thread() {
  return std::shared_ptr<Loop>{new Loop{std::make_shared<asio::io_context>(1)}};
}

std::shared_ptr<Loop> Loop::on_executor(asio::any_io_executor executor) {
  return std::shared_ptr<Loop>{new Loop{asio::make_strand(executor)}};
}

Loop::Loop(std::shared_ptr<asio::io_context> own_context)
    : own_context_{std::move(own_context)},
      io_{own_context_->get_executor()},
      executor_{own_context_->get_executor()},
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

void Loop::run(MoveOnlyFunction<void()> task) const {
  if (runs_here())
    task();
  else
    post(std::move(task));
}

void Loop::post(MoveOnlyFunction<void()> task) const {
  with_executor([&](const auto& io) { asio::post(io, std::move(task)); });
}

void Loop::refuse_to_block_here() const {
  if (blocks_here())
    throw std::system_error{
        std::make_error_code(std::errc::resource_deadlock_would_occur),
        "a blocking call on the connection's own thread would wait for itself; use a completion token"};
}

void Loop::close_and_wait(MoveOnlyFunction<void(Done<>)> close) {
  if (!own_context_ || runs_here()) return close([](std::error_code) {});
  std::promise<void> over;
  close([&](std::error_code) {
    // Two turns later the transport is gone, and whatever was completed has been handled.
    post([&] { post([&] { over.set_value(); }); });
  });
  over.get_future().wait();
}

bool Loop::runs_here() const {
  return with_executor([](const auto& io) { return io.running_in_this_thread(); });
}

// A strand does not run while the thread that should run it waits.
bool Loop::blocks_here() const {
  if (const auto* strand = std::get_if<Strand>(&io_)) {
    const auto inner = strand->get_inner_executor();
    const auto* context = inner.target<asio::io_context::executor_type>();
    if (context != nullptr && context->running_in_this_thread()) return true;
  }
  return runs_here();
}

}  // namespace pocketmq::client
