#include "client/link/reconnecting_connection.hpp"

#include <algorithm>
#include <future>

#include "client/link/waiting.hpp"

namespace pocketmq::client {

using protocol::TimePoint;

std::shared_ptr<ReconnectingConnection> ReconnectingConnection::on_own_thread(Urls urls, ConnectionOptions options,
                                                                              const ReconnectOptions& reconnect) {
  return std::shared_ptr<ReconnectingConnection>{
      new ReconnectingConnection{Loop::on_own_thread(), std::move(urls), std::move(options), reconnect}};
}

std::shared_ptr<ReconnectingConnection> ReconnectingConnection::on_executor(asio::any_io_executor executor, Urls urls,
                                                                            ConnectionOptions options,
                                                                            const ReconnectOptions& reconnect) {
  return std::shared_ptr<ReconnectingConnection>{new ReconnectingConnection{
      Loop::on_executor(std::move(executor)), std::move(urls), std::move(options), reconnect}};
}

ReconnectingConnection::ReconnectingConnection(std::shared_ptr<Loop> loop, Urls urls, ConnectionOptions options,
                                               const ReconnectOptions& reconnect)
    : loop_{std::move(loop)},
      urls_{std::move(urls)},
      options_{std::move(options)},
      backoff_max_{reconnect.backoff_max},
      is_patient_{reconnect.patient},
      backoff_{reconnect.backoff_min, reconnect.backoff_max, reconnect.jitter,
               reconnect.seed ? *reconnect.seed : loop_->random().next_id()},
      timer_{loop_->executor(), loop_->clock()} {}

void ReconnectingConnection::open(Done<> done) {
  run([this, self = shared_from_this(), done = std::move(done)]() mutable {
    if (is_closing_ || attempt_ > 0) return done(is_closing_ ? Error::closed : Error::not_open);
    open_done_ = std::move(done);
    begin_attempt();
  });
}

void ReconnectingConnection::close(Done<> done) {
  run([this, self = shared_from_this(), done = std::move(done)]() mutable {
    if (!std::exchange(is_closing_, true)) {
      const CloseReason reason{Error::closed, "closed by the client"};
      timer_.cancel();
      if (connector_) leave_connection(reason);
      if (open_done_) std::exchange(open_done_, nullptr)(reason.error);
    }
    close_done_.push_back(std::move(done));
    finish_closing();
  });
}

void ReconnectingConnection::open_and_wait() {
  refuse_to_block_here();
  std::promise<std::error_code> opened;
  auto result = opened.get_future();
  open([opened = std::move(opened)](std::error_code error) mutable { opened.set_value(error); });
  const auto error = wait_for(std::move(result), clock());
  if (!error) return;
  close_and_wait();
  throw opening_error_.value_or(std::system_error{error});
}

void ReconnectingConnection::close_and_wait() {
  loop_->close_and_wait([this](Done<> done) { close(std::move(done)); });
}

void ReconnectingConnection::attach(Timed* timed) {
  timed_ = timed;
  set_timer();
}

void ReconnectingConnection::deadline_changed() { set_timer(); }

void ReconnectingConnection::begin_attempt() {
  ++attempt_;
  connector_ = Connector::on(loop_, urls_[url_index_], options_);
  connector_->open(during_this_attempt([](ReconnectingConnection& self, std::error_code error) {
    if (error)
      self.failed(self.connector_->core().close_reason());
    else
      self.connected();
  }));
}

void ReconnectingConnection::connected() {
  auto& core = connector_->core();
  core.on_closed(
      during_this_attempt([](ReconnectingConnection& self, const CloseReason& reason) { self.failed(reason); }));
  is_handed_out_ = true;
  if (!on_up_) return ready();
  on_up_(core, during_this_attempt([](ReconnectingConnection& self, const CloseReason& reason) {
           if (reason.error)
             self.failed(reason);
           else
             self.ready();
         }));
}

void ReconnectingConnection::ready() {
  ready_since_ = clock().now();
  opening_error_.reset();
  if (open_done_) std::exchange(open_done_, nullptr)({});
}

// `reason` is passed by value, because it may be a member of the connection that is released here.
void ReconnectingConnection::failed(CloseReason reason) {
  if (open_done_ && !is_patient_) {
    const auto before = opening_error_ ? std::string{opening_error_->what()} + "; " : std::string{};
    opening_error_ = connector_->opening_error(reason, before);
  }
  const bool was_ready = ready_since_.has_value();
  if (was_ready && clock().now() - *ready_since_ >= backoff_max_) backoff_.reset();
  leave_connection(reason);
  if (on_failure_ && !is_closing_) on_failure_(reason);
  if (is_closing_) return;

  url_index_ = (url_index_ + 1) % urls_.size();
  failed_in_round_ = was_ready ? 0 : failed_in_round_ + 1;
  if (was_ready) return pause_before_next_round();
  if (failed_in_round_ < urls_.size()) return begin_attempt();
  if (open_done_ && !is_patient_) return std::exchange(open_done_, nullptr)(reason.error);
  pause_before_next_round();
}

void ReconnectingConnection::leave_connection(const CloseReason& reason) {
  ++attempt_;  // from now on the callbacks of the old attempt do nothing
  const auto connector = std::exchange(connector_, nullptr);
  ready_since_.reset();
  ++sockets_left_behind_;
  connector->close([this, self = shared_from_this()](std::error_code) {
    --sockets_left_behind_;
    finish_closing();
  });
  if (std::exchange(is_handed_out_, false) && on_down_) on_down_(reason);
}

void ReconnectingConnection::finish_closing() {
  if (!is_closing_ || sockets_left_behind_ > 0) return;
  for (auto& done : std::exchange(close_done_, {})) done({});
}

void ReconnectingConnection::pause_before_next_round() {
  failed_in_round_ = 0;
  pause_ends_ = clock().now() + backoff_.next();
  set_timer();
}

void ReconnectingConnection::set_timer() {
  const auto until = std::min(pause_ends_, timed_ == nullptr ? TimePoint::max() : timed_->deadline());
  if (is_closing_) return;
  timer_.set(until, [this, self = shared_from_this()] {
    if (!is_closing_) time_passed(clock().now());
  });
}

void ReconnectingConnection::time_passed(TimePoint now) {
  if (pause_ends_ <= now) {
    pause_ends_ = TimePoint::max();
    begin_attempt();
  }
  if (timed_ != nullptr && timed_->deadline() <= now) timed_->tick(now);
  set_timer();
}

}  // namespace pocketmq::client
