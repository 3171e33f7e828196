// Faults over real sockets: what the client's system sees of a cut.
#include <memory>

#include <asio/connect.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

#include "broker/control/faults.hpp"
#include "broker/embedded.hpp"
#include "broker/inspect.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/socket_client.hpp"

namespace pocketmq::tests {
namespace {

namespace basic = protocol::basic;
namespace queue = protocol::queue;

// A broker with one rule, on a thread of its own. The rule cuts a connection at its first queue.declare.
class CuttingBroker {
 public:
  explicit CuttingBroker(broker::FaultRule rule) {
    embedded_.inspect([&](broker::Broker& broker) {
      faults_ = std::make_unique<broker::Faults>(broker);
      faults_->add(std::move(rule));
    });
  }
  CuttingBroker(const CuttingBroker&) = delete;
  CuttingBroker& operator=(const CuttingBroker&) = delete;
  ~CuttingBroker() {
    embedded_.inspect([&](broker::Broker&) { faults_.reset(); });
  }

  [[nodiscard]] std::uint16_t port() const { return embedded_.port(); }
  [[nodiscard]] std::size_t connections() {
    std::size_t count = 0;
    embedded_.inspect([&](broker::Broker& broker) { count = broker.connection_count(); });
    return count;
  }

 private:
  broker::Embedded embedded_;
  std::unique_ptr<broker::Faults> faults_;
};

broker::FaultRule cut_of(const char* method, broker::Cut how, decltype(broker::fault::CutOff::at) at = {}) {
  return {.on = {.method = method}, .act = broker::fault::CutOff{at, how}};
}

// What a client's socket gives after it has sent AMQP's header, and how it ends.
struct Seen {
  std::size_t bytes;
  std::error_code end;
};
Seen after_header(std::uint16_t port) {
  asio::io_context context;
  asio::ip::tcp::socket socket{context};
  socket.connect({asio::ip::make_address("127.0.0.1"), port});
  asio::write(socket, asio::buffer(std::string_view{"AMQP\0\0\x09\x01", 8}));
  std::string bytes(10'000, '\0');
  Seen seen{};
  seen.bytes = asio::read(socket, asio::buffer(bytes), seen.end);
  return seen;
}

}  // namespace

TEST_CASE("a socket that is cut within a frame gets the bytes before and then the end") {
  CuttingBroker broker{cut_of("connection.start", broker::Cut::end, broker::fault::CutOff::Bytes{20})};
  const auto seen = after_header(broker.port());
  CHECK(seen.bytes == 20);
  CHECK(seen.end == asio::error::eof);
}

TEST_CASE("a socket that is cut by a reset gets an error") {
  CuttingBroker broker{cut_of("connection.start", broker::Cut::reset)};
  const auto seen = after_header(broker.port());
  CHECK(seen.bytes == 0);
  CHECK(seen.end == asio::error::connection_reset);
}

TEST_CASE("a frozen socket stays open and gets nothing, and others are served") {
  CuttingBroker broker{cut_of("queue.declare", broker::Cut::freeze)};
  SocketClient alice{broker.port(), Encoding::amqp}, bob{broker.port(), Encoding::json};
  alice.shakes_hands().sends(queue::Declare{.queue = "q"}).sends(queue::Declare{.queue = "r"});
  bob.shakes_hands().sends(basic::Get{.queue = "q"}).receives<protocol::channel::Close>();
  CHECK(broker.connections() == 2);
}

}  // namespace pocketmq::tests
