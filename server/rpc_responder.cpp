#include "server/rpc_responder.hpp"

#include <chrono>
#include <future>
#include <stdexcept>
#include <utility>

#include <asio/post.hpp>

namespace pocketmq::server {

using client::CloseReason;
using client::Payload;
using client::RpcCode;
using client::RpcError;

void RpcResponder::add(std::string queue, client::QueueOptions options, Handler handler) {
  if (is_started_) throw std::logic_error{"RpcServer::serve must be called before the server is started"};
  core_.serve({std::move(queue), {.queue = std::move(options)}});
  handlers_.push_back(std::move(handler));
}

void RpcResponder::start(OnOpen started) {
  is_started_ = true;
  driver_->open([self = shared_from_this(), started = std::move(started)](std::error_code error) mutable {
    if (error) return started({error, self->driver_->core().close_reason().text});
    self->driver_->core().attach(&self->core_);
    self->core_.open(self->driver_->core(), std::move(started));
  });
}

void RpcResponder::start_and_wait() {
  driver_->refuse_to_block_here();
  std::promise<CloseReason> started;
  start([&](const CloseReason& reason) { started.set_value(reason); });
  const auto reason = started.get_future().get();
  if (reason.error) throw driver_->opening_error(reason);
}

void RpcResponder::stop() {
  is_stopping_ = true;
  driver_->run([self = shared_from_this()] { self->core_.stop([] {}); });
  finish({});
}

void RpcResponder::wait() {
  std::unique_lock lock{mutex_};
  finished_changed_.wait(lock, [this] { return finished_.has_value(); });
  if (finished_->error) throw std::system_error{finished_->error, finished_->text};
}

void RpcResponder::close_and_wait() {
  stop();
  handler_thread_.join();
  driver_->run([self = shared_from_this()] { self->driver_->close([](std::error_code) {}); });
  driver_->close_and_wait();
}

// The handlers' thread is joined before this object goes.
void RpcResponder::hand_over(Request request) {
  asio::post(handler_thread_, [this, request = std::move(request)]() mutable {
    if (is_stopping_) return;
    auto answer = answer_to(request);
    driver_->run([self = shared_from_this(), request = std::move(request), answer = std::move(answer)] {
      self->send(request, answer);
    });
  });
}

RpcResponder::Answer RpcResponder::answer_to(const Request& request) {
  if (is_late(request, std::chrono::system_clock::now(), max_clock_skew_default)) return {};
  try {
    return handlers_[request.id.procedure](request.message.body);
  } catch (const RpcError& error) {
    return error;
  } catch (const std::exception& error) {
    return RpcError{RpcCode::internal, error.what()};
  } catch (...) {
    return RpcError{RpcCode::internal, "the handler threw something that is no std::exception"};
  }
}

void RpcResponder::send(const Request& request, const Answer& answer) {
  if (const auto* payload = std::get_if<Payload>(&answer))
    core_.reply(request.id, *payload, protocol::Clock::now());
  else if (const auto* error = std::get_if<RpcError>(&answer))
    core_.fail(request.id, *error, protocol::Clock::now());
  else
    core_.drop(request.id);
}

void RpcResponder::finish(const CloseReason& reason) {
  {
    const std::lock_guard lock{mutex_};
    if (!finished_) finished_ = reason;
  }
  finished_changed_.notify_all();
}

}  // namespace pocketmq::server
