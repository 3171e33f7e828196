// How transports share a loop, over sockets. What they say over them is tested where there is something to say.
#include "protocol/io/transport.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <asio/io_context.hpp>
#include <asio/local/connect_pair.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/steady_timer.hpp>
#include <asio/write.hpp>

#include "tests/support/catch.hpp"

namespace pocketmq::protocol {
namespace {

using namespace std::chrono_literals;
using Executor = asio::io_context::executor_type;
using Socket = asio::basic_stream_socket<asio::local::stream_protocol, Executor>;

struct Taken {
  std::string_view by;
  std::size_t bytes;
};

// Takes all that comes as one large message, and writes down how much of it each turn brought.
class Reader final : public ConnectionEnd {
 public:
  Reader(std::string_view name, std::vector<Taken>& turns) : name_{name}, turns_{turns} {}

  std::span<std::byte> prepare() override { return room_; }
  void commit(std::size_t bytes, TimePoint) override { taken_ += bytes; }
  bool wants_input() const override { return true; }
  bool wants_rest() const override { return true; }
  void end_turn() override {
    if (taken_ > 0) turns_.push_back({name_, std::exchange(taken_, 0)});
  }
  const Output& output() const override { return output_; }
  void sent(std::size_t, TimePoint) override {}
  void tick(TimePoint) override {}
  TimePoint deadline() const override { return TimePoint::max(); }
  bool finished() const override { return false; }
  void disconnect(std::error_code, TimePoint) override {}

 private:
  std::array<std::byte, 1'024> room_{};
  std::string_view name_;
  std::vector<Taken>& turns_;
  std::size_t taken_{0};
  Output output_;
};

// Reads nothing until it is told to, and writes down why it ended.
class Holder final : public ConnectionEnd {
 public:
  std::span<std::byte> prepare() override { return room_; }
  void commit(std::size_t bytes, TimePoint) override { taken += bytes; }
  bool wants_input() const override { return reads_; }
  bool wants_rest() const override { return false; }
  const Output& output() const override { return output_; }
  void sent(std::size_t, TimePoint) override {}
  void tick(TimePoint) override {}
  TimePoint deadline() const override { return TimePoint::max(); }
  bool finished() const override { return false; }
  void disconnect(std::error_code why, TimePoint) override { ended = why; }

  void read() {
    reads_ = true;
    wake();
  }

  std::size_t taken{0};
  std::error_code ended;

 private:
  std::array<std::byte, 1'024> room_{};
  Output output_;
  bool reads_{false};
};

// A transport that does not read, looked after every millisecond, and its peer.
struct Held {
  explicit Held(std::chrono::milliseconds ended_max) {
    Socket there{io};
    asio::local::connect_pair(here, there);
    std::make_shared<Transport<Socket>>(std::move(there), end, flushes,
                                        PeerWatch{.interval = 1ms, .ended_max = ended_max})
        ->start({});
  }

  asio::io_context io;
  FlushScheduler<Executor> flushes{io.get_executor()};
  std::shared_ptr<Holder> end{std::make_shared<Holder>()};
  Socket here{io};
};

class TransportWorld {
 public:
  // Somebody who sends all these bytes at once.
  void sends(std::string_view name, std::size_t bytes) {
    Socket here{io_};
    Socket there{io_};
    asio::local::connect_pair(here, there);
    std::make_shared<Transport<Socket>>(std::move(there), std::make_shared<Reader>(name, turns_), flushes_)->start({});
    asio::write(here, asio::buffer(std::string(bytes, 'x')));
    peers_.push_back(std::move(here));
  }
  // Until all was read and all have gone.
  std::vector<Taken> turns() {
    peers_.clear();
    io_.run();
    return turns_;
  }

 private:
  asio::io_context io_;
  FlushScheduler<Executor> flushes_{io_.get_executor()};
  std::vector<Taken> turns_;
  std::vector<Socket> peers_;
};

}  // namespace

TEST_CASE("a message that needs several reads is read in one turn") {
  TransportWorld world;
  world.sends("some", 20'000);
  const auto turns = world.turns();
  REQUIRE(turns.size() == 1);
  CHECK(turns.front().bytes == 20'000);
}

TEST_CASE("however much somebody sends, others have their turns between") {
  TransportWorld world;
  world.sends("much", 100'000);
  world.sends("little", 1);
  world.sends("much too", 100'000);
  const auto turns = world.turns();
  REQUIRE(turns.size() >= 5);
  CHECK(turns[1].by == "little");
  CHECK(turns[2].by == "much too");
  CHECK(turns[3].by == "much");
  for (const auto& turn : turns) CHECK(turn.bytes <= 81'920);
}

TEST_CASE("a peer that goes while it is not read from is noticed") {
  Held held{10min};
  asio::write(held.here, asio::buffer(std::string(10'000, 'x')));
  held.here.close();
  held.io.run();  // returns
  CHECK(held.end->ended == asio::error::connection_reset);
  CHECK(held.end->taken == 0);
}

TEST_CASE("a peer that has said all may wait for a while to be read from") {
  Held held{0ms};
  asio::write(held.here, asio::buffer(std::string(10'000, 'x')));
  held.here.shutdown(Socket::shutdown_send);
  held.io.run();
  CHECK(held.end->ended == asio::error::connection_reset);
}

TEST_CASE("what a peer has said is read to its end when it is read from again") {
  Held held{10min};
  asio::write(held.here, asio::buffer(std::string(10'000, 'x')));
  held.here.shutdown(Socket::shutdown_send);
  asio::steady_timer a_few_looks{held.io, 5ms};
  a_few_looks.async_wait([&](std::error_code) { held.end->read(); });
  held.io.run();
  CHECK(held.end->taken == 10'000);
  CHECK(held.end->ended == asio::error::eof);
}

}  // namespace pocketmq::protocol
