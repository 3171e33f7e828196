#include "broker/in_process.hpp"

#include <utility>

#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include "broker/host/connections.hpp"
#include "broker/host/pipe_acceptor.hpp"

namespace pocketmq::broker {

struct InProcess::Served {
  Served(asio::io_context& context, Options options, Observer* observer)
      : broker{std::move(options), observer}, connections{context, broker} {}

  Broker broker;
  Connections connections;
};

InProcess::InProcess(asio::io_context& context, Options options, Observer* observer)
    : context_{context},
      served_{std::make_shared<Served>(context, std::move(options), observer)},
      entrance_{make_acceptor(served_->connections)} {}

InProcess::~InProcess() {
  entrance_->close();
  served_->connections.cut();
  // What was posted before still refers to it, whether it is run or goes with the loop: to the pipes' executor, from
  // there to the loop, and to the loop at once.
  served_->connections.pipe_executor().post(
      [&context = context_, served = served_] { asio::post(context, [served] {}); });
  asio::post(context_, [served = std::move(served_)] {});
}

protocol::Url InProcess::pipe(protocol::Encoding encoding) const { return url_of(entrance_, encoding); }

asio::any_io_executor InProcess::executor() const { return served_->connections.pipe_executor(); }

Broker& InProcess::broker() { return served_->broker; }

}  // namespace pocketmq::broker
