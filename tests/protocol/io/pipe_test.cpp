// Pipes as streams: what one end writes the other one reads, in bounded memory, until either closes.
#include "protocol/io/pipe.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <asio/io_context.hpp>

#include "tests/support/catch.hpp"

namespace pocketmq::protocol {
namespace {

using Executor = asio::io_context::executor_type;
using End = Pipe<Executor>;

// Both ends on one event loop.
struct PipeWorld {
  asio::io_context io;
  std::pair<End, End> ends{make_pipe(io.get_executor(), io.get_executor())};
  End& here{ends.first};
  End& there{ends.second};
  std::error_code error;

  std::size_t writes(std::string_view bytes) { return here.write_some(asio::buffer(bytes), error); }
  std::string reads(std::size_t at_most = 100) {
    std::string bytes(at_most, '\0');
    bytes.resize(there.read_some(asio::buffer(bytes), error));
    return bytes;
  }
  // What waiting at that end comes to, when all that can happen has happened; nothing if it still waits.
  std::shared_ptr<std::optional<std::error_code>> waits(End& end, End::wait_type what) {
    auto told = std::make_shared<std::optional<std::error_code>>();
    end.async_wait(what, [told](std::error_code why) { *told = why; });
    polls();
    return told;
  }
  void polls() {
    io.restart();
    io.poll();
  }
};

const std::string full(PipeBuffer::capacity_bytes, 'x');

}  // namespace

TEST_CASE("what is written to a pipe is read at its other end") {
  PipeWorld world;
  CHECK(world.writes("one two") == 7);
  CHECK_FALSE(world.error);
  CHECK(world.reads(3) == "one");
  CHECK(world.reads() == " two");
  CHECK(world.reads().empty());
  CHECK(world.error == asio::error::would_block);
}

TEST_CASE("a write of several buffers is one stream of bytes") {
  PipeWorld world;
  const std::array buffers{asio::buffer("ab", 2), asio::buffer("", 0), asio::buffer("cde", 3)};
  CHECK(world.here.write_some(buffers, world.error) == 5);
  CHECK(world.reads() == "abcde");
}

TEST_CASE("a pipe takes no more than it has room for") {
  PipeWorld world;
  CHECK(world.writes(full + "more") == full.size());
  CHECK(world.writes("more") == 0);
  CHECK(world.error == asio::error::would_block);
  CHECK(world.reads(10).size() == 10);
  CHECK(world.writes("and the rest") == 10);
  CHECK(world.reads(full.size()) == full.substr(10) + "and the re");
}

TEST_CASE("bytes keep their order where the buffer wraps") {
  PipeWorld world;
  std::string written, read;
  for (std::size_t i = 0; i < 1'000; ++i) {
    const std::string piece(i % 7 * 100 + 100, static_cast<char>('a' + i % 26));
    written += piece.substr(0, world.writes(piece));
    read += world.reads(i % 5 * 150);
  }
  read += world.reads(full.size());
  CHECK(written.size() > 2 * full.size());
  CHECK(read == written);
}

TEST_CASE("who waits to read is told when there is something") {
  PipeWorld world;
  const auto told = world.waits(world.there, End::wait_read);
  CHECK_FALSE(*told);
  world.writes("x");
  CHECK_FALSE(*told);  // never inside of the call
  world.polls();
  CHECK(**told == std::error_code{});
  CHECK(**world.waits(world.there, End::wait_read) == std::error_code{});  // there is still something
}

TEST_CASE("who waits to write is told when half of the pipe is free") {
  PipeWorld world;
  CHECK(**world.waits(world.here, End::wait_write) == std::error_code{});
  world.writes(full);
  const auto told = world.waits(world.here, End::wait_write);
  world.reads(full.size() / 2 - 1);
  world.polls();
  CHECK_FALSE(*told);
  world.reads(1);
  world.polls();
  CHECK(**told == std::error_code{});
}

TEST_CASE("what was written before the end is read before it") {
  PipeWorld world;
  world.writes("last words");
  const bool closes = GENERATE(true, false);
  if (closes)
    world.here.close(world.error);
  else
    world.here.shutdown(End::shutdown_send, world.error);
  CHECK(world.reads() == "last words");
  CHECK(world.reads().empty());
  CHECK(world.error == asio::error::eof);
  std::error_code error;
  world.there.write_some(asio::buffer("x", 1), error);
  CHECK(error == (closes ? std::error_code{asio::error::broken_pipe} : std::error_code{}));
}

TEST_CASE("closing ends all that waits, at both ends") {
  PipeWorld world;
  world.writes(full);
  const auto reader = world.waits(world.here, End::wait_read);
  const auto writer = world.waits(world.here, End::wait_write);
  SECTION("its own waits are aborted") {
    world.here.close(world.error);
    world.polls();
    CHECK(**reader == asio::error::operation_aborted);
    CHECK(**writer == asio::error::operation_aborted);
  }
  SECTION("the peer's are over") {
    world.there.close(world.error);
    world.polls();
    CHECK(**reader == std::error_code{});
    CHECK(**writer == std::error_code{});
  }
}

TEST_CASE("who cuts a pipe ends both directions, with what was not read yet") {
  PipeWorld world;
  const auto cutter = world.here.cutter();
  CHECK(cutter.is_open());
  world.writes("lost");
  const auto reading = world.waits(world.here, End::wait_read);
  CHECK_FALSE(*reading);
  cutter.cut();
  world.polls();
  REQUIRE(*reading);
  CHECK_FALSE(**reading);  // it reads, and sees why
  CHECK(world.reads().empty());
  CHECK(world.error == asio::error::connection_reset);
  CHECK(world.writes("more") == 0);
  CHECK(world.error == asio::error::broken_pipe);
  CHECK(world.there.peer_state() == PeerState::disconnected);
  world.here.close(world.error);
  CHECK(cutter.is_open());
  world.there.close(world.error);
  CHECK_FALSE(cutter.is_open());
}

TEST_CASE("who waits for room in a pipe is told when it is cut") {
  PipeWorld world;
  world.writes(full);
  const auto writing = world.waits(world.here, End::wait_write);
  CHECK_FALSE(*writing);
  world.there.cutter().cut();
  world.polls();
  CHECK(*writing);
}

TEST_CASE("an end that goes out of scope is closed") {
  PipeWorld world;
  { const End gone{std::move(world.here)}; }
  world.reads();
  CHECK(world.error == asio::error::eof);
}

TEST_CASE("a context that goes closes its ends, and lets go of what waits there") {
  asio::io_context io;
  auto other = std::make_unique<asio::io_context>();
  auto [here, there] = make_pipe(io.get_executor(), other->get_executor());
  auto waits = std::make_shared<End>(std::move(there));
  const std::weak_ptr watched{waits};
  waits->async_wait(End::wait_read, [waits](std::error_code) { FAIL("it runs no more"); });
  waits.reset();
  other.reset();
  CHECK(watched.expired());
  std::error_code error;
  here.write_some(asio::buffer("x", 1), error);
  CHECK(error == asio::error::broken_pipe);
}

TEST_CASE("the ends of a pipe may be on two threads") {
  constexpr std::size_t total = 4'000'000;
  asio::io_context near, far;
  auto [here, there] = make_pipe(near.get_executor(), far.get_executor());
  std::size_t read = 0;
  bool in_order = true;
  std::function<void(std::error_code)> reads = [&, &end = there](std::error_code) {
    std::array<char, 10'000> bytes;
    std::error_code error;
    const auto count = end.read_some(asio::buffer(bytes), error);
    for (std::size_t i = 0; i < count; ++i) in_order &= bytes[i] == static_cast<char>((read + i) % 251);
    read += count;
    if (error != asio::error::eof) end.async_wait(End::wait_read, reads);
  };
  std::size_t written = 0;
  std::function<void(std::error_code)> writes = [&, &end = here](std::error_code) {
    std::array<char, 7'000> bytes;
    const auto size = std::min(bytes.size(), total - written);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((written + i) % 251);
    std::error_code error;
    written += end.write_some(asio::buffer(bytes.data(), size), error);
    if (written < total)
      end.async_wait(End::wait_write, writes);
    else
      end.shutdown(End::shutdown_send, error);
  };
  there.async_wait(End::wait_read, reads);
  here.async_wait(End::wait_write, writes);
  std::thread thread{[&] { far.run(); }};
  near.run();
  thread.join();
  CHECK(read == total);
  CHECK(in_order);
}

TEST_CASE("an entrance lets in whoever comes, until it is closed") {
  asio::io_context home, abroad;
  std::vector<Pipe<SerialExecutor>> entered;
  const auto entrance = std::make_shared<PipeAcceptor>(
      SerialExecutor::on(home.get_executor()), [&](Pipe<SerialExecutor> pipe) { entered.push_back(std::move(pipe)); });
  auto far = entrance->connect(abroad.get_executor());
  REQUIRE(far);
  std::error_code error;
  far->write_some(asio::buffer("hello", 5), error);
  home.poll();
  REQUIRE(entered.size() == 1);
  std::array<char, 10> bytes;
  CHECK(entered[0].read_some(asio::buffer(bytes), error) == 5);

  auto late = entrance->connect(abroad.get_executor());  // closed before it is let in
  entrance->close();
  home.restart();
  home.poll();
  CHECK(late->read_some(asio::buffer(bytes), error) == 0);
  CHECK(error == asio::error::eof);
  CHECK_FALSE(entrance->connect(abroad.get_executor()));
}

TEST_CASE("an entrance takes pipes of another one") {
  asio::io_context io;
  const auto home = SerialExecutor::on(io.get_executor());
  int entered = 0;
  const auto inner = std::make_shared<PipeAcceptor>(home, [&](const Pipe<PipeAcceptor::Home>&) { ++entered; });
  const auto outer =
      std::make_shared<PipeAcceptor>(home, [&](Pipe<PipeAcceptor::Home> pipe) { inner->accept(std::move(pipe)); });
  CHECK(outer->connect(io.get_executor()));
  io.poll();
  CHECK(entered == 1);
  inner->close();
  CHECK(outer->connect(io.get_executor()));
  io.restart();
  io.poll();
  CHECK(entered == 1);
}

TEST_CASE("an end knows whether the other one may say more") {
  PipeWorld world;
  CHECK(peer_state_of(world.there) == PeerState::connected);
  world.writes("the last words");
  world.here.shutdown(End::shutdown_send, world.error);
  CHECK(peer_state_of(world.there) == PeerState::half_closed);
  CHECK(world.reads() == "the last words");
}

}  // namespace pocketmq::protocol
