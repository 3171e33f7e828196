// Which handler is found for a path, what guards say, and who may log in.
#include "broker/http/router.hpp"

#include "broker/http/basic_auth.hpp"
#include "protocol/base/base64.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

namespace http = broker::http;
using http::Method;
using http::Request;
using http::Response;
using http::Router;

Request request_for(const std::string& target, Method method = Method::get) {
  Request request{.method = method, .method_name = std::string{http::name_of(method)}, .target = target};
  std::string authority;
  REQUIRE(http::decode_target(request, authority) == "");
  return request;
}

// A router whose handlers are known by their patterns.
class Patterns {
 public:
  explicit Patterns(const std::vector<std::string>& patterns) {
    for (const auto& pattern : patterns) router_.get(pattern, [](Request&) { return http::no_content(); });
  }
  std::string found(const std::string& target) {
    auto request = request_for(target);
    const auto found = router_.find(request);
    if (found.route == nullptr) return std::to_string(found.answer.value().status);
    std::string text = found.route->pattern.empty() ? "/" : "";
    for (const auto& part : found.route->pattern) text += "/" + part;
    for (const auto& [name, value] : request.parameters) text.append(" ").append(name).append("=").append(value);
    return text;
  }

 private:
  Router router_;
};

std::string basic_authorization(const std::string& text) {
  std::string encoded = "Basic ";
  protocol::append_base64(text, encoded);
  return encoded;
}

}  // namespace

TEST_CASE("a path leads to the pattern that it fits and fixed parts come first") {
  Patterns patterns{{"/api/queues/{vhost}/{name}", "/api/queues/{vhost}", "/api/queues/{vhost}/{name}/bindings",
                     "/api/queues/detailed", "/api/{what...}", "/", "/{file}"}};
  CHECK(patterns.found("/api/queues/%2F/q") == "/api/queues/{vhost}/{name} vhost=/ name=q");
  CHECK(patterns.found("/api/queues/detailed") == "/api/queues/detailed");
  CHECK(patterns.found("/api/queues/v") == "/api/queues/{vhost} vhost=v");
  CHECK(patterns.found("/api/queues/v/") == "/api/queues/{vhost} vhost=v");
  CHECK(patterns.found("/api/queues/v/q/bindings") == "/api/queues/{vhost}/{name}/bindings vhost=v name=q");
  CHECK(patterns.found("/api/queues/v/q/other") == "/api/{what...} what=queues/v/q/other");
  CHECK(patterns.found("/api/queues//q") == "/api/queues/{vhost}/{name} vhost= name=q");
  CHECK(patterns.found("/") == "/");
  CHECK(patterns.found("/?a=b") == "/");
  CHECK(patterns.found("/index.html") == "/{file} file=index.html");
  CHECK(patterns.found("/a/b") == "404");
}

TEST_CASE("the rest of a path never leads out of its folder") {
  Patterns patterns{{"/page/{file...}"}};
  CHECK(patterns.found("/page/a/b.js") == "/page/{file...} file=a/b.js");
  for (const std::string path : {"/page/../secret", "/page/%2e%2e/secret", "/page/a%2Fb", "/page/.", "/page/a%00",
                                 "/page/a%5Cb", "/page", "/page/"})
    CHECK(patterns.found(path) == "404");
}

TEST_CASE("what does not exist is told from what has other methods") {
  Router router;
  router.put("/things/{name}", [](Request&) { return http::no_content(); });
  router.post("/things/{any}", [](Request&) { return http::no_content(); });
  auto get = request_for("/things/a");
  const auto refused = router.find(get).answer.value();
  CHECK(refused.status == 405);
  REQUIRE(refused.headers.size() == 1);
  CHECK(refused.headers[0].name == "Allow");
  CHECK(refused.headers[0].value == "POST, PUT, OPTIONS");
  auto head = request_for("/things/a", Method::head);
  CHECK(router.find(head).answer.value().status == 405);
  auto put = request_for("/things/a", Method::put);
  CHECK(router.find(put).route != nullptr);
  auto elsewhere = request_for("/thing/a");
  CHECK_THAT(router.find(elsewhere).answer.value().body, Catch::Contains("/thing/a"));
}

TEST_CASE("a guard is asked for all that lies below its prefix") {
  Router router;
  router.get("/api/overview", [](Request&) { return http::no_content(); });
  router.get("/apis", [](Request&) { return http::no_content(); });
  int asked = 0;
  router.guard("/api", [&](Request&) -> std::optional<Response> {
    ++asked;
    return http::error(403, "not you");
  });
  for (const std::string path : {"/api/overview", "/api", "/api/", "/api/nowhere", "/%61pi/overview"}) {
    auto request = request_for(path);
    CHECK(router.find(request).answer.value().status == 403);
  }
  CHECK(asked == 5);
  auto other = request_for("/apis");
  CHECK(router.find(other).route != nullptr);
}

TEST_CASE("users and passwords are asked for and checked") {
  const auto guard = http::basic_auth("RabbitMQ Management",
                                      [](const http::BasicCredentials& given, Request&) -> std::optional<Response> {
                                        if (given.user == "guest" && given.password == "a:b") return std::nullopt;
                                        return http::unauthorized("RabbitMQ Management", "Login failed");
                                      });
  const auto status_for = [&](const std::string& authorization) {
    auto request = request_for("/");
    if (!authorization.empty()) request.headers.push_back({"authorization", authorization});
    const auto refused = guard(request);
    if (!refused) {
      CHECK(request.user == "guest");
      return 200U;
    }
    REQUIRE(refused->headers.size() == 1);
    CHECK(refused->headers[0].name == "WWW-Authenticate");
    CHECK(refused->headers[0].value == "Basic realm=\"RabbitMQ Management\"");
    return refused->status;
  };
  CHECK(status_for(basic_authorization("guest:a:b")) == 200);
  CHECK(status_for("basic" + basic_authorization("guest:a:b").substr(5)) == 200);
  for (const auto& wrong : {std::string{}, basic_authorization("guest:b"), basic_authorization("guest"),
                            std::string{"Basic !"}, std::string{"Basic"}, std::string{"Bearer x"}})
    CHECK(status_for(wrong) == 401);
}

TEST_CASE("names are escaped in paths and come back") {
  CHECK(http::percent_encoded("/") == "%2F");
  CHECK(http::percent_encoded("a b~c") == "a%20b~c");
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  CHECK(http::percent_decoded(http::percent_encoded(all)) == all);
  CHECK(http::percent_decoded("%") == std::nullopt);
  CHECK(http::percent_decoded("%4") == std::nullopt);
  CHECK(http::percent_decoded("%4g") == std::nullopt);
}

}  // namespace pocketmq::tests
