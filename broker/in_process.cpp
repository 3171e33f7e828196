#include "broker/in_process.hpp"

#include <utility>

#include <asio/post.hpp>

namespace pocketmq::broker {

InProcess::Served::Served(asio::io_context& context, Options options, Observer* observer)
    : broker{std::move(options), observer}, connections{context, broker} {}

InProcess::InProcess(asio::io_context& context, Options options, Observer* observer)
    : context_{context},
      served_{std::make_shared<Served>(context, std::move(options), observer)},
      entrance_{make_entrance(served_->connections)} {}

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

std::shared_ptr<protocol::PipeEntrance> make_entrance(Connections& connections) {
  using Entrance = protocol::PipeEntrance;
  return std::make_shared<Entrance>(connections.pipe_executor(), [&connections](protocol::Pipe<Entrance::Home> pipe) {
    connections.add(std::move(pipe), {.name = "a pipe of this process"});
  });
}

protocol::Url url_of(std::shared_ptr<protocol::PipeEntrance> entrance, protocol::Encoding encoding) {
  return {.encoding = encoding, .pipe = std::move(entrance)};
}

}  // namespace pocketmq::broker
