#include "protocol/io/lazy_timer.hpp"

#include <memory>
#include <optional>
#include <string>

#include <asio/io_context.hpp>

#include "tests/support/catch.hpp"

namespace pocketmq::protocol {
namespace {

using namespace std::chrono_literals;

struct Timing {
  void set(TimePoint deadline, char name) {
    timer->set(deadline, [this, name] { story += name; });
  }

  asio::io_context io;
  std::optional<LazyTimer<asio::io_context::executor_type>> timer{io.get_executor()};
  std::string story;
  const TimePoint now{Clock::now()};
};

TEST_CASE("a lazy timer fires once, and not inside of set") {
  Timing timing;
  timing.set(timing.now, 'a');
  CHECK(timing.story.empty());
  timing.io.run();
  CHECK(timing.story == "a");
}

TEST_CASE("a lazy timer that is set for a later time stays as it is") {
  Timing timing;
  timing.set(timing.now, 'a');
  timing.set(timing.now, 'b');
  timing.set(timing.now + 1h, 'c');
  timing.io.run();  // nothing waits for an hour
  CHECK(timing.story == "a");
}

TEST_CASE("a lazy timer that is set for an earlier time fires then, and not for the later one") {
  Timing timing;
  timing.set(timing.now + 1h, 'a');
  timing.set(timing.now, 'b');
  timing.io.run();
  CHECK(timing.story == "b");
}

TEST_CASE("a lazy timer that has fired may be set for any time") {
  Timing timing;
  timing.timer->set(timing.now, [&] {
    timing.story += 'a';
    timing.set(timing.now, 'b');
  });
  timing.io.run();
  CHECK(timing.story == "ab");
}

TEST_CASE("a cancelled lazy timer does not fire, and may be set again") {
  Timing timing;
  timing.set(timing.now, 'a');
  timing.timer->cancel();
  timing.io.run();
  CHECK(timing.story.empty());

  timing.io.restart();
  timing.set(timing.now, 'b');
  timing.io.run();
  CHECK(timing.story == "b");
}

TEST_CASE("a lazy timer may go before it fires") {
  Timing timing;
  timing.set(timing.now + 1h, 'a');
  timing.timer.reset();
  timing.io.run();
  CHECK(timing.story.empty());
}

}  // namespace
}  // namespace pocketmq::protocol
