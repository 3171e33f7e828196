// Very many log-ins that fail from one place: their refusals come slower, and nobody else notices.
#include "broker/access/login_brake.hpp"

#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using broker::LoginBrake;

constexpr TimePoint begin{1h};

}  // namespace

TEST_CASE("refusals are held back once too many log-ins of one source have failed") {
  LoginBrake brake{3};
  for (int i = 0; i < 3; ++i) CHECK_FALSE(brake.holds_back("10.0.0.1", begin));
  CHECK(brake.holds_back("10.0.0.1", begin));
  CHECK_FALSE(brake.holds_back("10.0.0.2", begin));
}

TEST_CASE("failures are forgotten with their window") {
  LoginBrake brake{1};
  CHECK_FALSE(brake.holds_back("10.0.0.1", begin));
  CHECK(brake.holds_back("10.0.0.1", begin + LoginBrake::window - 1ns));
  CHECK_FALSE(brake.holds_back("10.0.0.1", begin + LoginBrake::window));
}

TEST_CASE("nothing is held back without a limit or without a source") {
  LoginBrake without_limit{0}, brake{1};
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(without_limit.holds_back("10.0.0.1", begin));
    CHECK_FALSE(brake.holds_back("", begin));
  }
}

TEST_CASE("of very many sources those that began first are forgotten") {
  LoginBrake brake{1};
  for (std::size_t i = 0; i <= LoginBrake::sources_max; ++i) (void)brake.holds_back(std::to_string(i), begin);
  CHECK(brake.holds_back("1", begin));
  CHECK_FALSE(brake.holds_back("0", begin));
}

TEST_CASE("a refusal that is held back comes in the end and the right password is not held up") {
  World world{{.options = {.login_failures_max = 2}}};
  const Login wrong{.password = "wrong"};
  for (int i = 0; i < 2; ++i) world.arrive(wrong).shakes_hands(wrong);
  const auto held = world.arrive(wrong).shakes_hands(wrong);
  const auto answers = [&] {
    return std::ranges::count_if(held.end().inbox(), [](const auto& received) {
      return std::holds_alternative<connection::Close>(received.method);
    });
  };
  CHECK(answers() == 0);
  world.connect().is_fine();
  world.connect({.password = "guest", .from_loopback = true}).is_fine();
  world.advance(LoginBrake::delay - 1ms);
  CHECK(answers() == 0);
  world.advance(1ms);
  held.connection_is_closed(ReplyCode::access_refused,
                            "ACCESS_REFUSED - Login was refused using authentication mechanism "
                                + std::string{world.speaks_json() ? "JSON" : "PLAIN"}
                                + ": user 'guest' is unknown, or the password is wrong; very many log-ins from "
                                  "127.0.0.1 have failed, so that such an answer now takes a second");
}

TEST_CASE("who would not read the refusal is cut when its time has come") {
  World world{{.encoding = Encoding::amqp, .options = {.login_failures_max = 1}}};
  const Login wrong{.password = "wrong", .wants_login_refused = false};
  world.arrive(wrong).shakes_hands(wrong).is_cut();
  const auto held = world.arrive(wrong).shakes_hands(wrong);
  CHECK(held.end().is_open());
  world.advance(LoginBrake::delay);
  held.is_cut();
}

TEST_CASE("a client whose refusal is held back does nothing meanwhile and a broker that stops does not wait for it") {
  World world{{.options = {.login_failures_max = 1}}};
  const Login wrong{.password = "wrong"};
  world.arrive(wrong).shakes_hands(wrong);
  const auto held = world.arrive(wrong).shakes_hands(wrong);
  held.sends(queue::Declare{.queue = "q"});
  world.advance(500ms);
  CHECK_FALSE(world.has_queue("q"));
  world.broker().shut_down("that was it");
  world.settle();
  world.advance(1s);
  CHECK_FALSE(world.has_queue("q"));
}

}  // namespace pocketmq::tests
