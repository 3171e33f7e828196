// Who may see what is in the broker.
#include "broker/http/user_guard.hpp"

#include "broker/http/broker_routes.hpp"
#include "protocol/base/base64.hpp"
#include "tests/support/http_requests.hpp"

namespace pocketmq::tests {
namespace {

using namespace std::chrono_literals;

std::string basic_credentials(const std::string& user, const std::string& password) {
  std::string encoded;
  protocol::append_base64(user + ":" + password, encoded);
  return "Authorization: Basic " + encoded + "\r\n";
}

broker::Options with_users() {
  broker::Options options;
  options.journal_bytes = 100'000;
  options.definitions = R"({"users": [{"name": "watcher", "password": "w", "tags": "monitoring"},
                                      {"name": "worker", "password": "w", "tags": "management"}]})";
  return options;
}

class GuardedWorld : public HttpWorld {
 public:
  explicit GuardedWorld(const broker::Options& options = with_users()) : HttpWorld{{}, {"broker.example"}, options} {
    http::serve_broker(router(), broker());
  }
  HttpAnswer asks(const std::string& path, const std::string& more) { return connect().asks(get(path, more)); }
};

}  // namespace

TEST_CASE("the broker's monitoring users and administrators may see it") {
  GuardedWorld world;
  for (const auto* path : {"/journal", "/journal/schema"}) {
    CHECK(world.asks(path, basic_credentials("guest", "guest")).status == 200);
    CHECK(world.asks(path, basic_credentials("watcher", "w")).status == 200);
    const auto other = world.asks(path, basic_credentials("worker", "w"));
    CHECK(other.status == 403);
    CHECK_THAT(reason_of(other), Catch::Contains("'monitoring' or 'administrator'"));
  }
}

TEST_CASE("who gives no user or a wrong one is asked for one") {
  GuardedWorld world;
  for (const auto& more :
       {std::string{}, basic_credentials("guest", "wrong"), basic_credentials("nobody", "guest"),
        basic_credentials("", ""), basic_credentials("\xFF\"\n", "x"), std::string{"Authorization: Bearer x\r\n"}}) {
    const auto answer = world.asks("/journal", more);
    CHECK(answer.status == 401);
    CHECK(answer.header("WWW-Authenticate") == "Basic realm=\"PocketMQ\"");
    CHECK(reason_of(answer) != "");
  }
  CHECK(world.asks("/journal/nowhere", "").status == 401);  // not even what is there
}

TEST_CASE("guest may see it from the broker's own machine only") {
  GuardedWorld world;
  auto& stranger = world.connect(
      world.server().connect({.name = "192.0.2.1:40000", .source = "192.0.2.1", .from_loopback = false}, world.now()));
  const auto refused = stranger.asks(get("/journal", basic_credentials("guest", "guest")));
  CHECK(refused.status == 401);
  CHECK_THAT(reason_of(refused), Catch::Contains("own machine"));
  CHECK(stranger.asks(get("/journal", basic_credentials("watcher", "w"))).status == 200);
}

TEST_CASE("who guesses passwords is slowed down") {
  auto options = with_users();
  options.login_failures_max = 3;
  GuardedWorld world{options};
  for (int i = 0; i < 3; ++i)
    CHECK(world.asks("/journal", basic_credentials("guest", std::to_string(i))).status == 401);
  const auto answer = world.asks("/journal", basic_credentials("guest", "guest"));
  CHECK(answer.status == 429);
  CHECK(answer.header("Retry-After") == "10");
  world.advance(10s);
  CHECK(world.asks("/journal", basic_credentials("guest", "guest")).status == 200);
}

TEST_CASE("a page of another site does not see it, whoever its user is") {
  GuardedWorld world;
  const auto as_guest = basic_credentials("guest", "guest");
  CHECK(world.connect().asks("GET /journal HTTP/1.1\r\nHost: evil.example\r\n" + as_guest + "\r\n").status == 403);
  CHECK(world.connect().asks("GET /journal HTTP/1.1\r\nHost: broker.example\r\n" + as_guest + "\r\n").status == 200);
  CHECK(world.asks("/journal", as_guest + "Origin: http://evil.example\r\n").status == 403);
}

}  // namespace pocketmq::tests
