#include "client/link/connector.hpp"

#include <future>

#include <asio/executor_work_guard.hpp>
#include <asio/ip/tcp.hpp>

#include "protocol/io/close_on_exec.hpp"
#include "protocol/io/lazy_timer.hpp"
#include "protocol/io/pipe.hpp"
#include "protocol/io/transport.hpp"

namespace pocketmq::client {
namespace {

using asio::ip::tcp;
using protocol::TimePoint;

// Asio has its own category for the system's errors. It does not compare equal with std::errc.
CloseReason reason_of(std::error_code error) {
  if (error.category() == asio::error::get_system_category()) error.assign(error.value(), std::system_category());
  return {error, error.message()};
}

class SocketConnector final : public Connector {
 public:
  using Socket = asio::basic_stream_socket<tcp, SerialExecutor>;
  using Resolver = asio::ip::basic_resolver<tcp, SerialExecutor>;

  SocketConnector(std::shared_ptr<Loop> loop, protocol::Url url, ConnectionOptions options)
      : Connector{std::move(loop), std::move(url), std::move(options)},
        resolver_{executor()},
        socket_{executor()},
        timer_{executor(), loop_->clock()} {}

 private:
  void connect(TimePoint until) override {
    timer_.set(until, [this, self = shared_from_this()] {
      fail({Error::timed_out, "no connection in the time given"});
    });
    std::error_code not_numeric;
    const auto address = asio::ip::make_address(url_.host, not_numeric);
    const auto port = std::to_string(url_.port);
    if (!not_numeric)
      return connect_to(Resolver::results_type::create(tcp::endpoint{address, url_.port}, url_.host, port), until);
    resolver_.async_resolve(url_.host, port,
                            [this, self = shared_from_this(), until](std::error_code error, auto found) {
                              if (error) return fail(reason_of(error));
                              connect_to(std::move(found), until);
                            });
  }

  void connect_to(Resolver::results_type endpoints, TimePoint until) {
    endpoints_ = std::move(endpoints);
    next_endpoint_ = endpoints_.begin();
    connect_to_next(asio::error::host_not_found, until);
  }

  // Does not use asio::async_connect, which opens its sockets itself: programs that this process starts meanwhile would
  // inherit them.
  void connect_to_next(std::error_code last, TimePoint until) {
    if (!is_connecting_) return;
    if (next_endpoint_ == endpoints_.end()) return fail(reason_of(last));
    const tcp::endpoint endpoint = *next_endpoint_++;
    std::error_code error;
    socket_.close(error);
    protocol::open_close_on_exec(socket_, endpoint.protocol(), error);
    if (error) return connect_to_next(error, until);
    socket_.async_connect(endpoint, [this, self = shared_from_this(), endpoint, until](std::error_code refused) {
      if (refused) return connect_to_next(refused, until);
      connected(endpoint.protocol(), until);
    });
  }

  void connected(tcp protocol, TimePoint until) {
    if (!std::exchange(is_connecting_, false)) return;
    timer_.cancel();
    std::error_code ignored;
    socket_.set_option(tcp::no_delay{true}, ignored);
    // `async_connect` waited until the socket was writable. Asio's reactor keeps that interest, and would wake up for
    // it whenever this socket waits for input. A fresh Asio socket has no such interest.
    Socket fresh{executor()};
    fresh.assign(protocol, socket_.release(ignored), ignored);
    Connector::connected(std::move(fresh), until);
  }

  void fail(const CloseReason& reason) {
    if (!is_connecting_) return;
    stop_connecting();
    connecting_failed(reason);
  }

  void stop_connecting() override {
    if (!std::exchange(is_connecting_, false)) return;
    std::error_code ignored;
    timer_.cancel();
    resolver_.cancel();
    socket_.close(ignored);
  }

  Resolver resolver_;
  Resolver::results_type endpoints_;  // the addresses of the URL's host
  Resolver::results_type::iterator next_endpoint_;
  Socket socket_;
  protocol::LazyTimer<SerialExecutor> timer_;
  bool is_connecting_{true};
};

class PipeConnector final : public Connector {
 public:
  PipeConnector(std::shared_ptr<Loop> loop, protocol::Url url, ConnectionOptions options)
      : Connector{std::move(loop), std::move(url), std::move(options)} {}

 private:
  void connect(TimePoint until) override {
    auto pipe = url_.pipe->connect(executor());
    if (!pipe) return connecting_failed({asio::error::connection_refused, "the broker in this process is gone"});
    connected(std::move(*pipe), until);
  }
  void stop_connecting() override {}
};

Login login_of(const protocol::Url& url, const ConnectionOptions& options) {
  return {.virtual_host = url.virtual_host,
          .user = url.user,
          .password = url.password,
          .connection_name = options.name,
          .heartbeat = options.heartbeat ? options.heartbeat : url.heartbeat};
}

protocol::Limits limits_of(const protocol::Url& url) {
  protocol::Limits limits;
  limits.frame_max_bytes = url.frame_max_bytes.value_or(limits.frame_max_bytes);
  // Small reads overlap with the broker's work: it gets the calls that the first replies cause while later replies are
  // still being read.
  limits.input_at_once_bytes = 16'384;
  return limits;
}

}  // namespace

std::shared_ptr<Connector> Connector::on(const std::shared_ptr<Loop>& loop, protocol::Url url,
                                         ConnectionOptions options) {
  if (url.pipe) return std::make_shared<PipeConnector>(loop, std::move(url), std::move(options));
  return std::make_shared<SocketConnector>(loop, std::move(url), std::move(options));
}

Connector::Connector(std::shared_ptr<Loop> loop, protocol::Url url, ConnectionOptions options)
    : loop_{std::move(loop)},
      url_{std::move(url)},
      options_{std::move(options)},
      core_{std::make_shared<ConnectionCore>(url_.encoding, login_of(url_, options_), limits_of(url_),
                                             loop_->clock().now())},
      flushes_{loop_->executor()} {}

void Connector::open(Done<> done) {
  run([this, self = shared_from_this(), done = std::move(done)]() mutable {
    if (open_done_ || core_->close_reason().error) return done(Error::not_open);
    open_done_ = std::move(done);
    connect(loop_->clock().now()
            + options_.connection_timeout.value_or(url_.connection_timeout.value_or(connection_timeout_default)));
  });
}

void Connector::close(Done<> done) {
  run([this, self = shared_from_this(), done = std::move(done)]() mutable {
    stop_connecting();
    if (open_done_ || !core_->has_begun()) connecting_failed({Error::closed, "closed by the client"});
    core_->close(loop_->clock().now(), std::move(done));
  });
}

template <class Stream> void Connector::connected(Stream stream, TimePoint until) {
  const auto transport = std::make_shared<protocol::Transport<Stream>>(std::move(stream), core_, flushes_);
  core_->open(until, [this, weak = std::weak_ptr{transport},
                      done = std::exchange(open_done_, nullptr)](std::error_code error) mutable {
    // A silent broker will not close its end either, and the transport would wait for that.
    if (error == Error::timed_out)
      executor().post([weak] {
        if (const auto silent = weak.lock()) silent->close(Error::timed_out);
      });
    done(error);
  });
  // The executor has work until the connection is closed. A flush that was scheduled before may still run after that,
  // so `self` lives one task longer.
  transport->start([this, self = shared_from_this(), work = asio::make_work_guard(executor().inner())] {
    executor().post([self] {});
  });
}

void Connector::connecting_failed(const CloseReason& reason) {
  core_->disconnect(reason);
  if (open_done_) std::exchange(open_done_, nullptr)(reason.error);
}

void Connector::open_and_wait() {
  std::promise<CloseReason> opened;
  open([&](std::error_code error) { opened.set_value(error ? core_->close_reason() : CloseReason{}); });
  const auto reason = opened.get_future().get();
  if (!reason.error) return;
  close_and_wait();
  throw opening_error(reason);
}

void Connector::close_and_wait() {
  loop_->close_and_wait([this](Done<> done) { close(std::move(done)); });
}

std::system_error Connector::opening_error(const CloseReason& reason, std::string before) const {
  auto what = std::move(before) + (core_->is_open() ? "refused by " : "cannot open ")
              + to_string(url_, protocol::Secrets::hidden);
  if (!reason.text.empty() && reason.text != reason.error.message()) what += ": " + reason.text;
  return {reason.error, what};
}

}  // namespace pocketmq::client
