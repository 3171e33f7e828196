#include "tests/kit/cable.hpp"

#include <algorithm>
#include <utility>

namespace pocketmq::testkit {

using protocol::PipeAcceptor;

struct Cable::Connections {
  void add(PipeAcceptor& broker, protocol::Pipe<PipeAcceptor::Home> near) {
    if (!is_plugged_in) return;
    std::erase_if(open, [](const auto& connection) { return !connection.is_open(); });
    open.push_back(near.cutter());
    broker.accept(std::move(near));
  }
  void cut() {
    for (const auto& connection : std::exchange(open, {})) connection.cut();
  }

  std::vector<protocol::PipeCutter> open;
  bool is_plugged_in{true};
};

Cable::Cable(std::string name, const protocol::Url& broker)
    : name_{std::move(name)}, connections_{std::make_shared<Connections>()}, url_{broker} {
  url_.pipe = std::make_shared<PipeAcceptor>(
      broker.pipe->home(), [connections = connections_, to = broker.pipe](protocol::Pipe<PipeAcceptor::Home> near) {
        connections->add(*to, std::move(near));
      });
}

Cable::~Cable() { url_.pipe->close(); }

bool Cable::is_plugged_in() const { return connections_->is_plugged_in; }

std::size_t Cable::open_count() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(connections_->open, [](const auto& connection) { return connection.is_open(); }));
}

// Connections that are on their way to the broker are cut when they arrive there.
void Cable::cut() {
  connections_->cut();
  url_.pipe->home().post([connections = connections_] { connections->cut(); });
}

void Cable::unplug() {
  connections_->is_plugged_in = false;
  cut();
}

void Cable::plug_in() { connections_->is_plugged_in = true; }

}  // namespace pocketmq::testkit
