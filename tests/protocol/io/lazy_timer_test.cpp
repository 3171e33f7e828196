#include "protocol/io/lazy_timer.hpp"

#include <memory>
#include <optional>
#include <string>

#include <asio/io_context.hpp>

#include "tests/support/catch.hpp"

namespace pocketmq::protocol {
namespace {

using namespace std::chrono_literals;

struct VirtualTime {};
constexpr VirtualTime in_virtual_time;

struct Timing {
  Timing() = default;
  explicit Timing(VirtualTime /*tag*/) : now{24h} { clock().make_virtual(now, WallTime{}); }

  LoopClock& clock() { return clock_of(io); }
  const std::string& polls() {
    io.restart();
    io.poll();
    return story;
  }
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

TEST_CASE("on a virtual clock a lazy timer fires when the clock is advanced to its deadline, and not inside of that") {
  Timing timing{in_virtual_time};
  timing.set(timing.now + 1h, 'a');
  timing.io.poll();
  CHECK(timing.clock().earliest_deadline() == timing.now + 1h);

  timing.clock().advance_to(timing.now + 1h - 1ns);
  CHECK(timing.polls().empty());
  timing.clock().advance_to(timing.now + 1h);
  CHECK(timing.story.empty());
  CHECK(timing.polls() == "a");
  CHECK(timing.clock().earliest_deadline() == TimePoint::max());
}

TEST_CASE("on a virtual clock a lazy timer is set again only for an earlier deadline") {
  Timing timing{in_virtual_time};
  timing.set(timing.now + 2h, 'a');
  timing.set(timing.now + 3h, 'b');
  timing.set(timing.now + 1h, 'c');
  timing.clock().advance_to(timing.now + 24h);
  CHECK(timing.polls() == "c");
  timing.set(timing.now + 24h, 'd');  // due already
  timing.clock().advance_to(timing.now + 24h);
  CHECK(timing.polls() == "cd");
}

TEST_CASE("on a virtual clock a cancelled lazy timer does not fire, and may be set again") {
  Timing timing{in_virtual_time};
  timing.set(timing.now + 1h, 'a');
  timing.timer->cancel();
  CHECK(timing.clock().earliest_deadline() == TimePoint::max());
  timing.set(timing.now + 2h, 'b');
  timing.clock().advance_to(timing.now + 2h);
  CHECK(timing.polls() == "b");
}

TEST_CASE("on a virtual clock a lazy timer may go before it fires") {
  Timing timing{in_virtual_time};
  timing.set(timing.now + 1h, 'a');
  timing.timer.reset();
  timing.clock().advance_to(timing.now + 1h);
  CHECK(timing.polls().empty());
}

TEST_CASE("on a virtual clock what a cancelled call keeps alive may own the timer") {
  struct Owner {
    explicit Owner(asio::io_context& io) : timer{io.get_executor()} {}
    LazyTimer<asio::io_context::executor_type> timer;
  };
  Timing timing{in_virtual_time};
  auto owner = std::make_shared<Owner>(timing.io);
  const std::weak_ptr<Owner> weak = owner;
  auto& timer = owner->timer;
  timer.set(timing.now + 1h, [owner = std::move(owner)] {});
  timer.cancel();
  CHECK_FALSE(weak.expired());
  timing.io.poll();
  CHECK(weak.expired());
}

TEST_CASE("a loop that ends destroys what waits on its virtual clock") {
  const auto kept = std::make_shared<int>();
  {
    asio::io_context io;
    clock_of(io).make_virtual(TimePoint{1h}, WallTime{1h});
    auto timer = std::make_shared<LazyTimer<asio::io_context::executor_type>>(io.get_executor());
    timer->set(TimePoint{2h}, [timer, kept] {});
    CHECK(kept.use_count() == 2);
  }
  CHECK(kept.use_count() == 1);
}

}  // namespace
}  // namespace pocketmq::protocol
