// One end of a connection by itself: what it does when its peer is silent, slow or fast. Its subclasses' tests say what
// commands mean.
#include "protocol/end/command_end.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "protocol/codec/make_codec.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::protocol {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{1h};

class Waking final : public Waker {
 public:
  void wake() override { ++times; }
  int times{0};
};

// Writes down what happens to it: "basic.ack 1", "stall", "time-out: missed heartbeats", ...
class ToldEnd final : public CommandEnd {
 public:
  explicit ToldEnd(const Limits& limits = {}) : CommandEnd{limits, start} {}

  using CommandEnd::finish;
  using CommandEnd::hold;
  using CommandEnd::is_held;
  using CommandEnd::keep_heartbeats;
  using CommandEnd::own_deadline;
  using CommandEnd::peer_may_stall;
  using CommandEnd::raw_output;
  using CommandEnd::resume;
  using CommandEnd::send;
  using CommandEnd::use;
  void disconnect(std::error_code, TimePoint) override {}

  std::string told;
  std::chrono::milliseconds stall_after{0};
  std::uint32_t least_progress{0};
  std::uint64_t hold_at{0};       // the ack at which the peer is held
  bool keeps_held_command{true};  // it is handled again
  bool finishes_at_deadline{false};
  Encoding chooses{Encoding::amqp};  // once "!" has come
  std::size_t sends{0};
  std::size_t bytes_of_last{0};

 private:
  void on_command(Command& command) override {
    if (const auto* ack = std::get_if<basic::Ack>(&command.method)) {
      bytes_of_last = command_bytes();
      if (ack->delivery_tag == hold_at) {
        hold_at = 0;
        if (keeps_held_command) return hold(command);
        hold();
      }
      tell("ack " + std::to_string(ack->delivery_tag));
    } else {
      tell(std::string{id_of(command.method).name} + (command.content ? " " + std::string{command.content->body} : ""));
    }
  }
  void on_violation(const Violation&) override { tell("violation"); }
  void on_bytes_without_codec(InputBuffer& input) override {
    if (!input.unread().ends_with('!')) return;
    tell(std::string{input.unread()});
    input.consume(input.unread().size());
    use(make_codec(chooses, limits()));
  }
  void on_time(TimePoint at) override { CHECK(at >= start); }
  void on_sent() override { ++sends; }
  [[nodiscard]] std::chrono::milliseconds stall_max() const override { return stall_after; }
  [[nodiscard]] std::uint32_t progress_min_bytes() const override { return least_progress; }
  void on_stall() override { tell("stall"); }
  void on_own_deadline() override {
    tell("deadline");
    if (finishes_at_deadline) finish();
  }
  void on_time_out(std::string_view why) override { tell("time-out: " + std::string{why}); }

  void tell(const std::string& what) { told += told.empty() ? what : ", " + what; }
};

// An end and its peer.
class EndWorld {
 public:
  EndWorld() : EndWorld{GENERATE(Encoding::amqp, Encoding::json)} {}
  explicit EndWorld(Encoding with, const Limits& limits = {})
      : end{limits}, encoding{with}, peer_{make_codec(with, limits)} {
    end.use(make_codec(with, limits));
    end.on_wake(&waking);
  }

  [[nodiscard]] std::string bytes_of(const Command& command) const {
    Output output;
    peer_->encode(command, output);
    return all_of(output);
  }
  [[nodiscard]] std::string ack(std::uint64_t tag) const {
    return bytes_of({.channel = 1, .method = basic::Ack{.delivery_tag = tag}});
  }
  [[nodiscard]] std::string publish(std::string_view body) const {
    return bytes_of({.channel = 1, .method = basic::Publish{.routing_key = "q"}, .content = Content{.body = body}});
  }

  // The bytes come, in one piece if there is room.
  void comes(std::string_view bytes) {
    while (!bytes.empty()) {
      REQUIRE(end.wants_input());
      const auto room = end.prepare();
      const auto size = std::min(room.size(), bytes.size());
      std::copy_n(reinterpret_cast<const std::byte*>(bytes.data()), size, room.begin());
      end.commit(size, now);
      bytes.remove_prefix(size);
    }
  }
  // Each time that the end asks for is kept. Returns when it was ticked.
  std::vector<std::chrono::milliseconds> advance(std::chrono::milliseconds by) {
    std::vector<std::chrono::milliseconds> ticks;
    const auto until = now + by;
    while (end.deadline() <= until) {
      REQUIRE(ticks.size() < 100);
      REQUIRE(end.deadline() >= now);
      const auto before = end.deadline() - 1ms;
      const auto told = end.told;
      end.tick(before);  // too early
      REQUIRE(end.told == told);
      now = end.deadline();
      end.tick(now);
      ticks.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(now - start));
    }
    now = until;
    return ticks;
  }
  // The peer takes what was sent; how many heartbeats it was.
  int takes_heartbeats() {
    InputBuffer input;
    const auto bytes = all_of(end.output());
    if (!bytes.empty()) end.sent(bytes.size(), now);
    Output one;
    peer_->encode_heartbeat(one);
    const auto heartbeat = all_of(one);
    REQUIRE(bytes.size() % heartbeat.size() == 0);
    return static_cast<int>(bytes.size() / heartbeat.size());
  }
  std::string told() { return std::exchange(end.told, {}); }

  ToldEnd end;
  const Encoding encoding;
  Waking waking;
  TimePoint now{start};

 private:
  [[nodiscard]] static std::string all_of(const Output& output) {
    std::array<std::string_view, 64> pieces;
    std::string bytes;
    for (std::size_t i = 0, count = output.gather(pieces); i < count; ++i) bytes += pieces[i];
    return bytes;
  }

  std::unique_ptr<Codec> peer_;
};

using Ticks = std::vector<std::chrono::milliseconds>;

}  // namespace

TEST_CASE("commands are handled in their order however the bytes are cut") {
  EndWorld world;
  const auto bytes = world.ack(1) + world.publish("body") + world.ack(2);
  const std::size_t piece = GENERATE(1U, 5U, 1'000U);
  for (std::size_t at = 0; at < bytes.size(); at += piece) world.comes(bytes.substr(at, piece));
  CHECK(world.told() == "ack 1, basic.publish body, ack 2");
  CHECK_FALSE(world.end.wants_rest());
  CHECK(world.end.deadline() == TimePoint::max());
}

TEST_CASE("a command knows how many bytes it took") {
  EndWorld world;
  const auto ack = world.ack(1);
  world.comes(ack + ack);
  CHECK(world.end.bytes_of_last == ack.size());
}

TEST_CASE("a message of which a part is missing wants its rest") {
  EndWorld world;
  const auto bytes = world.publish(std::string(100'000, 'x'));
  world.comes(bytes.substr(0, bytes.size() - 50'000));
  CHECK(world.end.wants_rest());
  world.comes(bytes.substr(bytes.size() - 50'000));
  CHECK_FALSE(world.end.wants_rest());
}

TEST_CASE("what comes before there is a codec is left to the derived end") {
  EndWorld world;
  ToldEnd end;
  CHECK_FALSE(end.wants_rest());
  end.chooses = world.encoding;
  const auto comes = [&](std::string_view bytes) {
    const auto room = end.prepare();
    std::copy_n(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size(), room.begin());
    end.commit(bytes.size(), start);
  };
  comes("hel");
  CHECK(end.told.empty());
  end.tick(start + 1h);
  comes("lo!");
  comes(world.ack(1));
  CHECK(end.told == "hello!, ack 1");
}

TEST_CASE("a peer that violates the protocol ends the connection and nothing after that is read") {
  EndWorld world;
  world.comes(std::string(7, '\xff') + std::string(1'000, '\n'));
  CHECK(world.told() == "violation");
  CHECK(world.end.finished());
  CHECK_FALSE(world.end.wants_input());
  CHECK(world.end.deadline() == TimePoint::max());
  CHECK(world.waking.times == 1);
}

TEST_CASE("a finished end does nothing more when its time comes") {
  EndWorld world;
  world.end.keep_heartbeats(2s);
  world.end.own_deadline(start + 1s);
  world.end.finish();
  world.end.tick(start + 1h);
  CHECK(world.told().empty());
  CHECK(world.end.output().empty());
}

// ---- heartbeats

TEST_CASE("an end that has nothing to say says so after half of each interval") {
  EndWorld world;
  world.advance(300ms);
  world.end.tick(world.now);
  world.end.keep_heartbeats(3s);
  CHECK(world.waking.times == 1);
  for (int i = 0; i < 4; ++i) {
    world.now += 0ms;
    CHECK(world.advance(1'499ms).empty());
    CHECK(world.takes_heartbeats() == 0);
    world.comes(world.ack(1));
    CHECK(world.advance(1ms).size() == 1);
    CHECK(world.takes_heartbeats() == 1);
  }
}

TEST_CASE("a heartbeat that waits in the output is not followed by another until half an interval has passed") {
  EndWorld world;
  world.end.keep_heartbeats(4s);
  CHECK(world.advance(3'999ms) == Ticks{2s});
  CHECK(world.takes_heartbeats() == 1);
}

TEST_CASE("whoever sends needs no heartbeat") {
  EndWorld world;
  world.end.keep_heartbeats(4s);
  CHECK(world.advance(1s).empty());
  world.end.send({.channel = 1, .method = basic::Ack{.delivery_tag = 1}});
  CHECK(world.waking.times == 2);
  world.end.sent(world.end.output().size(), world.now);
  CHECK(world.end.sends == 1);
  CHECK(world.advance(1'999ms).empty());
  CHECK(world.advance(1ms) == Ticks{3s});
}

TEST_CASE("a peer that is silent for two intervals is timed out") {
  EndWorld world;
  world.end.keep_heartbeats(4s);
  world.advance(5s);
  world.comes(world.ack(1));  // at 5 s
  CHECK(world.told() == "ack 1");
  world.advance(7'999ms);
  CHECK(world.told().empty());
  world.advance(1ms);
  CHECK(world.told() == "time-out: missed heartbeats");
  CHECK(world.end.finished());
}

TEST_CASE("without heartbeats a silent peer is left alone") {
  EndWorld world;
  world.end.keep_heartbeats(4s);
  world.end.keep_heartbeats(0s);
  CHECK(world.end.deadline() == TimePoint::max());
  world.end.tick(start + 1h);
  CHECK(world.told().empty());
  CHECK(world.end.output().empty());
}

// ---- a peer that does not read

TEST_CASE("a peer that does not read is timed out after a minute") {
  EndWorld world;
  world.end.send({.channel = 1, .method = basic::Ack{.delivery_tag = 1}});
  world.advance(5s);
  world.end.sent(0, world.now);
  world.advance(10s);
  world.end.sent(0, world.now);  // the first time counts
  CHECK(world.end.sends == 0);
  SECTION("if it takes nothing") {
    world.advance(49'999ms);
    CHECK(world.told().empty());
    CHECK(world.advance(1ms) == Ticks{65s});
    CHECK(world.told() == "time-out: it does not read what is sent to it");
    CHECK(world.end.finished());
  }
  SECTION("but not if it takes something") {
    world.advance(49s);
    world.end.sent(1, world.now);
    CHECK(world.end.deadline() == TimePoint::max());
    CHECK(world.advance(1h).empty());
  }
  SECTION("but not if it may stall") {
    world.end.peer_may_stall(true);
    CHECK(world.advance(1h).empty());
    world.end.peer_may_stall(false);
    world.end.tick(world.now);
    CHECK(world.told() == "time-out: it does not read what is sent to it");
  }
}

TEST_CASE("with heartbeats a peer that does not read is timed out after two intervals") {
  EndWorld world;
  world.end.keep_heartbeats(4s);
  world.end.sent(0, world.now);
  for (int i = 0; i < 7; ++i) {
    world.advance(1s);
    world.comes(world.ack(1));
  }
  world.told();
  world.advance(999ms);
  CHECK_FALSE(world.end.finished());
  world.advance(1ms);
  CHECK(world.told() == "time-out: it does not read what is sent to it");
}

TEST_CASE("nothing is read from a peer that does not read the answers to it") {
  EndWorld world{GENERATE(Encoding::amqp, Encoding::json), {.output_answer_bytes = 100}};
  auto& output = world.end.raw_output();
  output.append("unasked");
  const auto from = output.written();
  output.append(std::string(100, 'x'));
  output.count_as_answer(from);
  CHECK(world.end.wants_input());
  output.append("x");
  output.count_as_answer(output.written() - 1);
  CHECK_FALSE(world.end.wants_input());
  world.end.keep_heartbeats(4s);
  world.advance(7s);
  world.end.sent(7, world.now);
  CHECK_FALSE(world.end.wants_input());
  world.end.sent(1, world.now);
  CHECK(world.end.wants_input());
  world.advance(4s);
  CHECK_FALSE(world.end.finished());  // its silence counts since it was read again
}

// ---- a peer that leaves a command incomplete

TEST_CASE("a command that stays incomplete is a stall") {
  EndWorld world;
  world.end.stall_after = 5s;
  world.end.least_progress = 10;
  const auto bytes = world.publish(std::string(1'000, 'x'));
  auto comes_piece = [&, at = std::size_t{0}](std::size_t size) mutable {
    world.comes(bytes.substr(at, size));
    at += size;
  };
  CHECK(world.end.deadline() == TimePoint::max());
  comes_piece(3);
  CHECK(world.end.deadline() == start + 5s);
  SECTION("if nothing comes") {
    CHECK(world.advance(10s) == Ticks{5s, 10s});
    CHECK(world.told() == "stall, stall");
  }
  SECTION("if too little comes") {
    world.advance(4s);
    comes_piece(6);
    CHECK(world.advance(1s) == Ticks{5s});
    CHECK(world.told() == "stall");
    comes_piece(9);  // what came before the stall does not count
    CHECK(world.end.deadline() == start + 10s);
    comes_piece(1);
    CHECK(world.end.deadline() == start + 10s);
    world.advance(1s);
    comes_piece(10);
    CHECK(world.end.deadline() == start + 11s);
  }
  SECTION("but not if enough comes in time") {
    world.advance(4s);
    comes_piece(10);
    CHECK(world.end.deadline() == start + 9s);
    world.advance(4s);
    comes_piece(9);
    CHECK(world.end.deadline() == start + 9s);
    comes_piece(1);
    CHECK(world.end.deadline() == start + 13s);
    comes_piece(bytes.size());
    CHECK(world.end.deadline() == TimePoint::max());
    CHECK(world.told() == "basic.publish " + std::string(1'000, 'x'));
  }
}

TEST_CASE("a stall is none where there is no limit") {
  EndWorld world;
  world.comes(world.ack(1).substr(0, 3));
  CHECK(world.end.deadline() == TimePoint::max());
  world.end.tick(start + 1h);
  CHECK(world.told().empty());
}

TEST_CASE("each whole command is progress unless a content is incomplete") {
  EndWorld world{Encoding::amqp};
  world.end.stall_after = 5s;
  world.end.least_progress = 1'000;
  const auto ack = world.ack(1);
  world.comes(ack.substr(0, 3));
  world.advance(2s);
  world.comes(ack.substr(3) + ack.substr(0, 3));
  CHECK(world.end.deadline() == start + 7s);
  world.comes(ack.substr(3));
  CHECK(world.end.deadline() == TimePoint::max());
  const auto publish = world.publish("body");
  world.comes(publish.substr(0, publish.size() - 12));  // without its body's frame
  CHECK(world.end.deadline() == start + 7s);
  world.advance(1s);
  const auto other = world.bytes_of({.channel = 2, .method = basic::Ack{.delivery_tag = 2}});
  world.comes(other);
  CHECK(world.end.deadline() == start + 7s);
  CHECK(world.told() == "ack 1, ack 1, ack 2");
}

// ---- a peer that is held

TEST_CASE("a command at which the peer is held is handled again, before what came after it") {
  EndWorld world;
  world.end.hold_at = 2;
  world.comes(world.ack(1) + world.ack(2) + world.ack(3));
  CHECK(world.told() == "ack 1");
  CHECK_FALSE(world.end.wants_input());
  CHECK(world.end.is_held());
  world.end.resume();
  CHECK(world.told() == "ack 2, ack 3");
  CHECK(world.end.wants_input());
  CHECK_FALSE(world.end.is_held());
  world.comes(world.ack(4));
  CHECK(world.told() == "ack 4");
}

TEST_CASE("a peer may be held after a command") {
  EndWorld world;
  world.end.hold_at = 2;
  world.end.keeps_held_command = false;
  world.comes(world.ack(1) + world.ack(2) + world.ack(3));
  CHECK(world.told() == "ack 1, ack 2");
  CHECK_FALSE(world.end.wants_input());
  world.end.resume();
  CHECK(world.told() == "ack 3");
}

TEST_CASE("time in which a peer is held counts neither as silence nor as a stall") {
  EndWorld world;
  world.end.stall_after = 5s;
  world.end.least_progress = 1'000;
  world.end.hold_at = 1;
  world.end.keep_heartbeats(4s);
  world.comes(world.ack(1) + world.ack(2).substr(0, 3));
  world.advance(1min);
  CHECK(world.told().empty());
  world.end.resume();
  CHECK(world.told() == "ack 1");
  const auto resumed = world.now - start;
  CHECK(world.advance(8s).back() == resumed + 8s);
  CHECK(world.told() == "stall, time-out: missed heartbeats");
}

TEST_CASE("a peer that is held without heartbeats gets some, by which one that has gone is noticed") {
  EndWorld world;
  world.advance(2s);
  world.end.hold_at = 1;
  world.comes(world.ack(1));
  CHECK(world.advance(11s) == Ticks{7s, 12s});
  CHECK(world.takes_heartbeats() == 2);
  CHECK(world.end.deadline() == start + 18s);  // five seconds after what was sent last
  world.end.resume();
  CHECK(world.end.deadline() == TimePoint::max());
}

// ---- its own deadline

TEST_CASE("an end's own deadline comes once") {
  EndWorld world;
  world.end.own_deadline(start + 3s);
  CHECK(world.end.deadline() == start + 3s);
  SECTION("when it is time") {
    CHECK(world.advance(1h) == Ticks{3s});
    CHECK(world.told() == "deadline");
  }
  SECTION("with a heartbeat that is due then") {
    world.end.keep_heartbeats(6s);
    CHECK(world.advance(3s) == Ticks{3s});
    CHECK(world.told() == "deadline");
    CHECK(world.takes_heartbeats() == 1);
  }
  SECTION("and nothing else if it ends the connection") {
    world.end.keep_heartbeats(6s);
    world.end.finishes_at_deadline = true;
    CHECK(world.advance(1h) == Ticks{3s});
    CHECK(world.takes_heartbeats() == 0);
  }
  SECTION("unless it is cleared") {
    world.end.own_deadline(std::nullopt);
    CHECK(world.advance(1h).empty());
  }
}

}  // namespace pocketmq::protocol
