#include "broker/host/pipe_acceptor.hpp"

#include <utility>

namespace pocketmq::broker {

std::shared_ptr<protocol::PipeAcceptor> make_acceptor(Connections& connections) {
  using Entrance = protocol::PipeAcceptor;
  return std::make_shared<Entrance>(connections.pipe_executor(), [&connections](protocol::Pipe<Entrance::Home> pipe) {
    connections.add(std::move(pipe), {.name = "a pipe of this process"});
  });
}

protocol::Url url_of(std::shared_ptr<protocol::PipeAcceptor> entrance, protocol::Encoding encoding) {
  return {.encoding = encoding, .pipe = std::move(entrance)};
}

}  // namespace pocketmq::broker
