// Very many log-ins that fail from one place: from there they take longer, and nobody else notices.
#include "broker/access/login_throttle.hpp"

#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using broker::LoginThrottle;

constexpr TimePoint begin{1h};

}  // namespace

TEST_CASE("the brake is on once too many log-ins of one source have failed") {
  LoginThrottle brake{3};
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(brake.must_wait("10.0.0.1", begin));
    brake.count_failure("10.0.0.1", begin);
  }
  CHECK(brake.must_wait("10.0.0.1", begin));
  CHECK_FALSE(brake.must_wait("10.0.0.2", begin));
}

TEST_CASE("failures are forgotten with their window") {
  LoginThrottle brake{1};
  brake.count_failure("10.0.0.1", begin);
  brake.count_failure("10.0.0.1", begin + 1s);
  CHECK(brake.must_wait("10.0.0.1", begin + LoginThrottle::window - 1ns));
  CHECK_FALSE(brake.must_wait("10.0.0.1", begin + LoginThrottle::window));
}

TEST_CASE("nothing is held back without a limit or without a source") {
  LoginThrottle without_limit{0}, brake{1};
  for (int i = 0; i < 3; ++i) {
    without_limit.count_failure("10.0.0.1", begin);
    CHECK_FALSE(without_limit.must_wait("10.0.0.1", begin));
    brake.count_failure("", begin);
    CHECK_FALSE(brake.must_wait("", begin));
  }
}

TEST_CASE("of very many sources those that began first are forgotten") {
  LoginThrottle brake{1};
  for (std::size_t i = 0; i <= LoginThrottle::sources_max; ++i) brake.count_failure(std::to_string(i), begin);
  CHECK(brake.must_wait("1", begin));
  CHECK_FALSE(brake.must_wait("0", begin));
}

TEST_CASE("a log-in that is held up says nothing before its time whether its password is right or wrong") {
  World world{{.options = {.login_failures_max = 2}}};
  const Login wrong{.password = "wrong"};
  for (int i = 0; i < 2; ++i) world.arrive(wrong).shakes_hands(wrong);
  const auto held = world.arrive(wrong).shakes_hands(wrong), right = world.arrive().shakes_hands({});
  const auto answers = [](const Client& client) {
    return std::ranges::count_if(client.end().inbox(), [](const auto& received) {
      return !std::holds_alternative<connection::Start>(received.method);
    });
  };
  world.advance(LoginThrottle::delay - 1ms);
  CHECK(answers(held) == 0);
  CHECK(answers(right) == 0);
  CHECK_FALSE(right.session().has_logged_in());
  world.advance(1ms);
  CHECK(right.session().has_logged_in());
  right.opens_channel(2).is_fine();
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
  world.advance(LoginThrottle::delay);
  held.is_cut();
}

TEST_CASE("who begins with a message or a command is held up too and then served") {
  World world{{.encoding = Encoding::json, .options = {.login_failures_max = 1}}};
  const Login wrong{.password = "wrong"};
  world.connect().declares("q");
  world.arrive(wrong).shakes_hands(wrong);
  auto alice = world.arrive(), bob = world.arrive();
  const std::string large(20'000, 'x');
  alice.end().send_all_but({.channel = 1, .method = basic::Publish{.routing_key = "q"}, .content = {{.body = large}}},
                           1);
  bob.end().send({.channel = 1, .method = queue::Declare{.queue = "r"}});
  world.settle();
  CHECK_FALSE(alice.session().has_logged_in());
  CHECK_FALSE(world.has_queue("r"));
  world.advance(LoginThrottle::delay);
  CHECK(world.has_queue("r"));
  alice.sends_bytes("x");
  world.advance(20s);  // longer than a handshake may take
  alice.gets("q", large);
}

TEST_CASE("who is let in late still has to end its handshake in time") {
  World world{{.encoding = Encoding::amqp, .options = {.login_failures_max = 1}}};
  const Login wrong{.password = "wrong"};
  world.arrive(wrong).shakes_hands(wrong);
  const auto alice = world.arrive().sends_header();
  alice.end().send(
      {.method = connection::StartOk{.mechanism = "PLAIN", .response = std::string_view{"\0guest\0guest", 12}}});
  world.settle();
  world.advance(LoginThrottle::delay);
  CHECK(alice.session().has_logged_in());
  alice.end().inbox().clear();
  world.advance(10s);
  alice.is_cut();
}

TEST_CASE("a client whose log-in is held up does nothing meanwhile and a broker that stops does not wait for it") {
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
