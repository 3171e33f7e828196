#include "broker/host/pipe_entrance.hpp"

#include <utility>

namespace pocketmq::broker {

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
