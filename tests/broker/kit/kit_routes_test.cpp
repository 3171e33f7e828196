// The test kit over HTTP: who may ask, scopes, the clock, and a test's own messages.
#include "broker/kit/kit_routes.hpp"

#include "broker/access/users.hpp"
#include "broker/control/testbed.hpp"
#include "tests/support/http_requests.hpp"

namespace pocketmq::tests {
namespace {

using namespace std::chrono_literals;

class KitWorld : public HttpWorld {
 public:
  explicit KitWorld(const http::KitSettings& settings = {}) : HttpWorld{{}, {}, {.journal_bytes = 1'000'000}} {
    http::serve_kit(router(), testbed, settings);
  }
  /// The answer has to have this status.
  nlohmann::json posts(const std::string& path, const std::string& body, unsigned status = 200) {
    return json_of(connect().asks(post(path, body)), status);
  }
  nlohmann::json gets(const std::string& path, unsigned status = 200) {
    return json_of(connect().asks(get(path)), status);
  }

  broker::Testbed testbed{broker()};

 private:
  static nlohmann::json json_of(const HttpAnswer& answer, unsigned status) {
    INFO(answer.body);
    CHECK(answer.status == status);
    return nlohmann::json::parse(answer.body);
  }
};

}  // namespace

TEST_CASE("the test kit is for callers on this machine unless others are allowed") {
  KitWorld closed;
  KitWorld open{{.callers = http::KitCallers::anywhere}};
  const auto status_from_elsewhere = [](KitWorld& world) {
    const http::Caller caller{.name = "10.0.0.7:4711", .source = "10.0.0.7", .from_loopback = false};
    return world.connect(world.server().connect(caller, world.now())).asks(get("/test/clock")).status;
  };
  CHECK(status_from_elsewhere(closed) == 403);
  CHECK(status_from_elsewhere(open) == 200);
  CHECK(closed.connect().asks(get("/test/clock")).status == 200);
}

TEST_CASE("a scope is a virtual host with a user of its own") {
  KitWorld world;
  const auto scope = world.posts("/test/scopes", R"({"name": "retry"})", 201);
  CHECK(scope.at("id") == "retry-1");
  CHECK(scope.at("amqp") == "amqp://retry-1:retry-1@localhost:80/retry-1");
  CHECK(scope.at("json") == "amqp+json://retry-1:retry-1@localhost:80/retry-1");
  CHECK(world.broker().find_virtual_host("retry-1") != nullptr);
  const auto [user, why_not] = world.broker().users().log_in({.user = "retry-1", .password = "retry-1"}, true);
  REQUIRE(user);
  CHECK(user->may_open("retry-1"));
  CHECK_FALSE(user->may_open("/"));
  CHECK(world.posts("/test/scopes", R"({"name": "retry"})", 201).at("id") == "retry-2");
  CHECK(world.gets("/test/scopes").at("scopes").size() == 2);
}

TEST_CASE("a scope's URLs name the host and the port by which the caller has reached the broker") {
  KitWorld world{{.http_port = 15'672, .amqp_host_and_port = "127.0.0.1:5672"}};
  const auto url_for = [&](const std::string& host) {
    const std::string body = "{}";
    const auto answer = world.connect().asks("POST /test/scopes HTTP/1.1\r\nHost: " + host
                                             + "\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
    const auto url = nlohmann::json::parse(answer.body).at("amqp").get<std::string>();
    return url.substr(url.find('@') + 1, url.rfind('/') - url.find('@') - 1);
  };
  CHECK(url_for("localhost:4711") == "localhost:4711");
  CHECK(url_for("[::1]:4711") == "[::1]:4711");
  CHECK(url_for("127.0.0.1:15672") == "127.0.0.1:5672");
}

TEST_CASE("a scope with a bad name is refused with what a name may have") {
  KitWorld world;
  for (const auto* name : {"", "a b", "a/b", "ä"}) {
    CAPTURE(name);
    const auto answer = world.posts("/test/scopes", nlohmann::json{{"name", name}}.dump(), 400);
    CHECK(answer.at("reason").get<std::string>().starts_with("a scope's name has 1 to 200 letters"));
  }
  CHECK(world.posts("/test/scopes", R"({"nam": "a"})", 400).at("reason")
        == "nam: there is no such member; there may be 'allow', 'name'");
  CHECK(world.posts("/test/scopes", "{", 400).at("error") == "bad_request");
}

TEST_CASE("the clock is frozen, set ahead and released over HTTP") {
  KitWorld world;
  CHECK(world.posts("/test/clock", R"({"freeze": true})").at("frozen") == true);
  const auto before = world.testbed.clock().now();
  const auto ahead = world.posts("/test/clock", R"({"advance": "24h"})");
  CHECK(world.testbed.clock().now() - before == 24h);
  CHECK(ahead.at("happened") == nlohmann::json::object());
  CHECK(world.posts("/test/clock", R"({"run": true})").at("frozen") == false);
  CHECK(world.gets("/test/clock").at("frozen") == false);
}

TEST_CASE("setting the clock ahead tells what has happened meanwhile") {
  KitWorld world;
  const auto scope = world.posts("/test/scopes", "{}", 201).at("id").get<std::string>();
  auto& host = *world.broker().find_virtual_host(scope);
  (void)host.declare_queue({.name = "mail"});
  const auto message = R"({"scope": ")" + scope
                       + R"(", "routing_key": "mail", "body": "a", "properties": {"expiration": "60000"}, "count": 3})";
  CHECK(world.posts("/test/messages", message, 201)
        == nlohmann::json{{"message", 1}, {"count", 3}, {"queues", {"mail"}}});
  const auto ahead = world.posts("/test/clock", R"({"advance": "2m"})");
  CHECK(ahead.at("happened").at("message.expired") == 3);
  CHECK(host.require_queue("mail").ready() == 0);
}

TEST_CASE("the clock is not set ahead for another test's scope") {
  KitWorld world;
  const auto mine = world.posts("/test/scopes", R"({"name": "mine"})", 201).at("id").get<std::string>();
  CHECK(world.posts("/test/clock", R"({"advance": "1s", "scope": "mine-1"})").contains("now"));
  (void)world.posts("/test/scopes", R"({"name": "other"})", 201);
  const auto refused = world.posts("/test/clock", R"({"advance": "1s", "scope": "mine-1"})", 409);
  CHECK(refused.at("reason").get<std::string>().starts_with(
      "a broker has one clock, and there are other scopes: 'other-2'; "));
  CHECK(world.posts("/test/clock", R"({"advance": "1s", "scope": "mine-1", "all": true})").contains("now"));
  CHECK(world.posts("/test/clock", R"({"advance": "1s", "scope": "gone-7"})", 404)
            .at("reason")
            .get<std::string>()
            .starts_with("there is no scope 'gone-7'"));
  CHECK(world.posts("/test/clock", "{}", 400).at("reason").get<std::string>().starts_with("advance: write one of "));
}

TEST_CASE("the journal and the state are also served without a user below /test") {
  KitWorld world;
  CHECK(world.connect().asks(get("/test/journal?from=1")).body.starts_with(R"({"journal":)"));
  CHECK(world.gets("/test/state").at("vhosts").size() == 1);
  CHECK(world.gets("/test/nothing", 404).contains("reason"));
}

TEST_CASE("the way of a message is explained over HTTP") {
  KitWorld world;
  const auto scope = world.posts("/test/scopes", "{}", 201).at("id").get<std::string>();
  (void)world.broker().find_virtual_host(scope)->declare_queue({.name = "mail"});
  const auto ask = [&](const std::string& key) {
    return world.posts("/test/explain", nlohmann::json{{"scope", scope}, {"routing_key", key}}.dump());
  };
  CHECK(ask("mail").at("queues") == nlohmann::json{"mail"});
  const auto missed = ask("mial");
  CHECK(missed.at("outcome") == "unroutable");
  CHECK(missed.at("text").get<std::string>().find("'mail'") != std::string::npos);
  CHECK(world.posts("/test/explain", R"({"scope": "gone-1"})", 404).at("error") == "not_found");
  CHECK(world.posts("/test/explain", R"({"key": "mail"})", 400)
            .at("reason")
            .get<std::string>()
            .starts_with("key: there is no such member; there may be 'scope', "));
}

TEST_CASE("a scope's recording equals itself and differs from another one") {
  KitWorld world;
  const auto scope = world.posts("/test/scopes", "{}", 201).at("id").get<std::string>();
  (void)world.broker().find_virtual_host(scope)->declare_queue({.name = "mail"});
  (void)world.posts("/test/messages", nlohmann::json{{"scope", scope}, {"routing_key", "mail"}, {"body", "a"}}.dump(),
                    201);
  const auto recording = world.connect().asks(get("/test/recording?scope=" + scope)).body;
  CHECK(recording.find("message.published") != std::string::npos);
  const auto compare = [&](const std::string& golden, unsigned status) {
    return world.posts("/test/compare", nlohmann::json{{"scope", scope}, {"golden", golden}}.dump(), status);
  };
  CHECK(compare(recording, 200) == nlohmann::json{{"ok", true}});
  auto other = recording;
  other.replace(other.find(R"("body":"a")"), 10, R"("body":"b")");
  const auto differs = compare(other, 409);
  CHECK(differs.at("error") == "differs");
  CHECK(differs.at("differences").at(0).at("text").get<std::string>().find("body") != std::string::npos);
}

}  // namespace pocketmq::tests
