#include "broker/in_process.hpp"

#include <utility>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "broker/control/clock_control.hpp"
#include "broker/host/connections.hpp"
#include "broker/host/pipe_acceptor.hpp"
#include "protocol/io/clock_of.hpp"
#include "protocol/io/random_of.hpp"

namespace pocketmq::broker {

namespace {

Options with_those_of_loop(Options options, asio::io_context& context) {
  if (options.begins_at == protocol::WallTime{}) options.begins_at = protocol::clock_of(context).wall_now();
  if (!options.seed) options.seed = protocol::random_of(context).next_seed();
  return options;
}

}  // namespace

struct InProcess::Served {
  Served(asio::io_context& context, Options options, Observer* observer)
      : broker{with_those_of_loop(std::move(options), context), observer}, connections{context, broker} {}

  Broker broker;
  ClockControl clock{broker.context()};
  Connections connections;
};

InProcess::InProcess(asio::io_context& context, Options options, Observer* observer)
    : context_{context},
      served_{std::make_shared<Served>(context, std::move(options), observer)},
      acceptor_{make_acceptor(served_->connections)} {}

InProcess::~InProcess() {
  acceptor_->close();
  served_->connections.cut();
  // Handlers that were posted before still refer to the broker. They wait at the pipes' executor, which posts to the
  // event loop, or at the event loop. So the last references are posted behind them on both ways.
  served_->connections.pipe_executor().post(
      [&context = context_, served = served_] { asio::post(context, [served] {}); });
  asio::post(context_, [served = std::move(served_)] {});
}

protocol::Url InProcess::pipe(protocol::Encoding encoding) const { return url_of(acceptor_, encoding); }

asio::any_io_executor InProcess::executor() const { return served_->connections.pipe_executor(); }

void InProcess::freeze_clock() { served_->clock.freeze(served_->connections.clock().now()); }

void InProcess::run_clock() {
  served_->clock.run(served_->connections.clock().now());
  served_->connections.look_at_broker();
}

void InProcess::advance_clock(std::chrono::nanoseconds time, protocol::MoveOnlyFunction<void()> done) {
  served_->clock.advance(time, std::move(done));
  served_->connections.look_at_broker();
}

Broker& InProcess::broker() { return served_->broker; }

}  // namespace pocketmq::broker
