// Lines to a pipe whose reader is slow, or gone: who writes never waits.
#include "protocol/io/line_writer.hpp"

#include <array>
#include <csignal>
#include <optional>
#include <string>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

class Pipe {
 public:
  Pipe() {
    std::signal(SIGPIPE, SIG_IGN);
    REQUIRE(::pipe(ends_.data()) == 0);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() {
    close_reader();
    close_writer();
  }

  [[nodiscard]] int writer() const { return ends_[1]; }
  /// All up to the end of the pipe.
  std::string read_all() {
    std::string all;
    std::array<char, 65'536> bytes{};
    for (ssize_t count = 0; (count = ::read(ends_[0], bytes.data(), bytes.size())) > 0;)
      all.append(bytes.data(), static_cast<std::size_t>(count));
    return all;
  }
  void close_reader() { close(0); }
  void close_writer() { close(1); }

 private:
  void close(std::size_t end) {
    if (ends_[end] >= 0) ::close(ends_[end]);
    ends_[end] = -1;
  }

  std::array<int, 2> ends_{-1, -1};
};

}  // namespace

TEST_CASE("lines come whole and in order") {
  Pipe pipe;
  {
    protocol::LineWriter writer{pipe.writer()};
    for (int i = 0; i < 1'000; ++i) CHECK(writer.write(std::to_string(i) + "\n"));
  }
  pipe.close_writer();
  std::string wanted;
  for (int i = 0; i < 1'000; ++i) wanted += std::to_string(i) + "\n";
  CHECK(pipe.read_all() == wanted);
}

TEST_CASE("a reader that stalls costs lines and no time, and what was taken comes when it reads on") {
  Pipe pipe;
  const std::string line = std::string(999, 'x') + '\n';
  std::size_t taken = 0;
  {
    std::optional<protocol::LineWriter> writer{std::in_place, pipe.writer(), 100'000};
    // What the pipe holds, what is being written, and what waits.
    while (taken < 10'000 && writer->write(line)) ++taken;
    CHECK_FALSE(writer->write(line));
    CHECK(taken >= 100);
    CHECK(taken < 1'000);
    std::thread reader{[&] { taken -= pipe.read_all().size() / line.size(); }};
    writer.reset();
    pipe.close_writer();
    reader.join();
  }
  CHECK(taken == 0);
}

TEST_CASE("a writer whose reader never reads on ends all the same") {
  Pipe pipe;
  {
    protocol::LineWriter writer{pipe.writer(), 100'000};
    while (writer.write(std::string(999, 'x') + '\n')) {}
  }
  pipe.close_reader();  // the thread that still writes finds nobody
}

TEST_CASE("where nobody reads lines go nowhere") {
  Pipe pipe;
  pipe.close_reader();
  protocol::LineWriter writer{pipe.writer(), 1'000};
  // Until that is known they wait for it.
  while (!writer.write(std::string(999, 'x') + '\n')) std::this_thread::yield();
  for (int i = 0; i < 10; ++i)
    while (!writer.write(std::string(999, 'x') + '\n')) std::this_thread::yield();
}

TEST_CASE("lines wait while the disk is full and are refused when too many wait") {
  constexpr std::size_t waiting_max = 1'000;
  const std::string line(99, 'x');
  const auto full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  REQUIRE(full >= 0);
  protocol::LineWriter writer{full, waiting_max};
  ::close(full);
  std::size_t taken_bytes = 0;
  for (int i = 0; i < 20'000; ++i) {
    if (writer.write(line + '\n')) taken_bytes += line.size() + 1;
    std::this_thread::yield();
  }
  CHECK(taken_bytes <= 2 * waiting_max);
}

}  // namespace pocketmq::tests
