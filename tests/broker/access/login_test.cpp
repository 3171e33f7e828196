// Who may log in, and how those who may not are told.
#include "broker/access/sasl.hpp"
#include "broker/core/errors.hpp"
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

using namespace std::string_view_literals;

std::string refused(std::string_view mechanism, std::string_view why) {
  return "ACCESS_REFUSED - Login was refused using authentication mechanism " + std::string{mechanism} + ": user "
         + std::string{why};
}

}  // namespace

TEST_CASE("a wrong password or user is refused") {
  World world;
  const Login login = GENERATE(values<Login>({{.password = "wrong"}, {.user = "bob"}, {.password = ""}}));
  world.arrive(login).shakes_hands(login).connection_is_closed(
      ReplyCode::access_refused,
      refused(world.speaks_json() ? "JSON" : "PLAIN", "'" + login.user + "' is unknown, or the password is wrong"));
}

TEST_CASE("a refused AMQP client that would not read why is cut") {
  World world{Encoding::amqp};
  const Login login{.password = "wrong", .wants_login_refused = false};
  world.arrive(login).shakes_hands(login).is_cut();
}

TEST_CASE("guest does not log in from another machine") {
  World world;
  const Login login{.from_loopback = false};
  world.arrive(login).shakes_hands(login).connection_is_closed(
      ReplyCode::access_refused,
      refused(world.speaks_json() ? "JSON" : "PLAIN", "'guest' may log in from the broker's own machine only"));
}

TEST_CASE("guest logs in from another machine where the broker was told so") {
  World world{{.options = {.guest_from_anywhere = true}}};
  world.connect({.from_loopback = false}).is_fine();
}

TEST_CASE("any other user logs in from another machine") {
  World world{{.options = {.users = {{"alice", "secret"}}}}};
  world.connect({.user = "alice", .password = "secret", .from_loopback = false}).is_fine();
}

TEST_CASE("a user beside guest logs in with its own password only") {
  World world{{.options = {.users = {{"alice", "secret"}}}}};
  CHECK(world.connect({.user = "alice", .password = "secret"}).session().user().name == "alice");
  const Login login{.user = "alice", .password = "guest"};
  world.arrive(login).shakes_hands(login).connection_is_closed(
      ReplyCode::access_refused,
      refused(world.speaks_json() ? "JSON" : "PLAIN", "'alice' is unknown, or the password is wrong"));
}

TEST_CASE("guest may be given another password") {
  World world{{.options = {.users = {{"guest", "secret"}}}}};
  world.connect({.password = "secret"}).is_fine();
  world.arrive().shakes_hands({}).connection_is_closed(
      ReplyCode::access_refused,
      refused(world.speaks_json() ? "JSON" : "PLAIN", "'guest' is unknown, or the password is wrong"));
}

TEST_CASE("a JSON client that shakes no hands is not served from another machine") {
  World world{Encoding::json};
  world.arrive({.from_loopback = false})
      .sends(queue::Declare{.queue = "q"})
      .connection_is_closed(ReplyCode::access_refused,
                            refused("JSON", "'guest' may log in from the broker's own machine only"));
  CHECK_FALSE(world.has_queue("q"));
}

TEST_CASE("a refused client's later commands do nothing") {
  World world;
  const Login login{.password = "wrong"};
  const auto alice = world.arrive(login).shakes_hands(login);
  alice.sends(channel::Open{}).sends(queue::Declare{.queue = "q"});
  CHECK_FALSE(world.has_queue("q"));
  alice.connection_is_closed(ReplyCode::access_refused, refused(world.speaks_json() ? "JSON" : "PLAIN",
                                                                "'guest' is unknown, or the password is wrong"));
}

TEST_CASE("AMQPLAIN logs in") {
  World world{Encoding::amqp};
  protocol::FieldTableWriter response;
  response.string("LOGIN", "guest").string("PASSWORD", "guest");
  const auto alice = world.arrive().sends_header().on_channel(0);
  (void)alice.answer<connection::Start>();
  alice.sends(connection::StartOk{.mechanism = "AMQPLAIN", .response = response.table().encoded()});
  (void)alice.answer<connection::Tune>();
}

TEST_CASE("an unknown mechanism closes the connection and names those that are known") {
  World world{Encoding::amqp};
  const auto alice = world.arrive().sends_header().on_channel(0);
  (void)alice.answer<connection::Start>();
  alice.sends(connection::StartOk{.mechanism = "EXTERNAL"})
      .connection_is_closed(ReplyCode::command_invalid,
                            "COMMAND_INVALID - unknown SASL mechanism 'EXTERNAL'; offered are PLAIN AMQPLAIN");
}

TEST_CASE("a PLAIN response is a zero octet the user a zero octet and the password") {
  const auto credentials = broker::read_response("PLAIN", "\0alice\0s\0cret"sv, {});
  CHECK(credentials.user == "alice");
  CHECK(credentials.password == "s\0cret"sv);
}

TEST_CASE("any other PLAIN response is malformed") {
  const auto response = GENERATE(values<std::string_view>({"", "guest", "\0guest"sv, "\0"sv, "admin\0guest\0guest"sv}));
  CHECK_THROWS_AS(broker::read_response("PLAIN", response, {}), broker::ConnectionError);
}

TEST_CASE("an AMQPLAIN response is a table with LOGIN and PASSWORD") {
  protocol::FieldTableWriter response;
  response.string("EXTRA", "x").string("PASSWORD", "secret").string("LOGIN", "alice");
  const auto credentials = broker::read_response("AMQPLAIN", response.table().encoded(), {});
  CHECK(credentials.user == "alice");
  CHECK(credentials.password == "secret");
}

TEST_CASE("any other AMQPLAIN response is malformed") {
  protocol::FieldTableWriter without_password, with_number;
  without_password.string("LOGIN", "guest");
  with_number.string("LOGIN", "guest").int32("PASSWORD", 1);
  const std::string cut{with_number.table().encoded().substr(0, 9)};
  for (const auto response :
       {without_password.table().encoded(), with_number.table().encoded(), std::string_view{cut}, "garbage"sv})
    CHECK_THROWS_AS(broker::read_response("AMQPLAIN", response, {}), broker::ConnectionError);
}

TEST_CASE("mechanisms are spelled as they are offered") {
  CHECK_THROWS_AS(broker::read_response("plain", "\0guest\0guest"sv, {}), broker::ConnectionError);
}

TEST_CASE("EXTERNAL takes the name that the connection has proved") {
  const auto credentials = broker::read_response("EXTERNAL", "", "alice");
  CHECK(credentials.user == "alice");
  CHECK_FALSE(credentials.password);
  CHECK(broker::sasl_mechanisms("alice") == "EXTERNAL PLAIN AMQPLAIN");
}

TEST_CASE("EXTERNAL is not offered where the connection has proved nothing") {
  CHECK_THROWS_AS(broker::read_response("EXTERNAL", "guest", {}), broker::ConnectionError);
  CHECK(broker::sasl_mechanisms({}) == "PLAIN AMQPLAIN");
}

}  // namespace pocketmq::tests
