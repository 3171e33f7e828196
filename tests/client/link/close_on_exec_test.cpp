// Programs that a process starts inherit none of its connections.
#include <filesystem>
#include <map>
#include <string>

#include <fcntl.h>

#include "broker/embedded.hpp"
#include "client/connection.hpp"
#include "client/rpc_client.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

struct OpenFile {
  std::string name;
  bool is_inherited;  // by programs that this process starts
};

std::map<int, OpenFile> open_files() {
  std::map<int, OpenFile> files;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    const int descriptor = std::stoi(entry.path().filename().string());
    const int flags = ::fcntl(descriptor, F_GETFD);
    files[descriptor] = {std::filesystem::read_symlink(entry.path()), (flags & FD_CLOEXEC) == 0};
  }
  return files;
}

}  // namespace

TEST_CASE("programs that a process starts inherit none of its connections") {
  const auto before = open_files();
  broker::Embedded broker;
  client::RpcClient rpc{broker.url(protocol::Encoding::amqp)};
  client::RpcClient over_json{broker.url(protocol::Encoding::json)};
  client::Connection by_name{"amqp://localhost:" + std::to_string(broker.port()) + "/"};
  std::size_t sockets = 0;
  for (const auto& [descriptor, file] : open_files()) {
    if (before.contains(descriptor)) continue;
    CAPTURE(file.name);
    CHECK(!file.is_inherited);
    if (file.name.starts_with("socket:")) ++sockets;
  }
  CHECK(sockets == 7);  // the listener, and both ends of three connections
}

}  // namespace pocketmq::tests
