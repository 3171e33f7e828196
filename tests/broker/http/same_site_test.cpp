// Requests of other sites' pages, as browsers send them, and those that are fine.
#include "broker/http/same_site.hpp"

#include "tests/support/catch.hpp"
#include "tests/support/http_world.hpp"

namespace pocketmq::tests {
namespace {

using http::Request;

// What a broker answers that also has the name "broker.example".
class Site {
 public:
  Site() {
    world_.router().get("/", [](Request&) { return http::json("{}"); });
    world_.router().post("/", [](Request&) { return http::json("{}"); });
    world_.router().post("/lines", [](Request&) { return http::json("{}"); },
                         {.content_types = {"application/x-ndjson", "text/plain"}});
  }
  unsigned get(const std::string& headers, const std::string& target = "/") {
    return world_.connect().asks("GET " + target + " HTTP/1.1\r\n" + headers + "\r\n").status;
  }
  HttpAnswer post(const std::string& headers, const std::string& path = "/", const std::string& body = "{}") {
    return world_.connect().asks("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
                                 + std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body);
  }

 private:
  HttpWorld world_{{}, {"broker.example"}};
};

}  // namespace

TEST_CASE("a name that is not the broker's is refused so that rebinding leads nowhere") {
  Site site;
  for (const std::string ours :
       {"localhost", "LocalHost:5672", "localhost.", "127.0.0.1", "127.0.0.1:15672", "192.0.2.7:80", "[::1]",
        "[::1]:5672", "[::ffff:127.0.0.1]", "broker.example", "Broker.Example:80"})
    CHECK(site.get("Host: " + ours + "\r\n") == 200);
  for (const std::string other :
       {"evil.example", "evil.example:5672", "localhost.evil.example", "evil-localhost", "127.0.0.1.evil.example",
        "xbroker.example", "0x7f000001", "2130706433", "127.1", "[evil.example]", "[127.0.0.1]", "::1"})
    CHECK(site.get("Host: " + other + "\r\n") >= 400);
  for (const std::string wrong : {"", ":80", "localhost:", "localhost:x", "[::1", "[::1]x", "localhost:80:80"})
    CHECK(site.get("Host: " + wrong + "\r\n") == 400);
  CHECK(site.get("") == 400);
  CHECK(site.get("Host: localhost\r\nHost: localhost\r\n") == 400);
  CHECK(site.get("Host: localhost\r\n", "http://evil.example/") == 403);
  CHECK(site.get("Host: localhost\r\n", "http://localhost/") == 200);
}

TEST_CASE("a refused name is told what would do") {
  HttpWorld world;
  world.router().get("/", [](Request&) { return http::json("{}"); });
  const auto answer = world.connect().asks("GET / HTTP/1.1\r\nHost: rabbit\r\n\r\n");
  CHECK(answer.status == 403);
  CHECK_THAT(answer.body, Catch::Contains("'rabbit'") && Catch::Contains("--http-host"));
  CHECK(answer.header("Access-Control-Allow-Origin") == "");
}

TEST_CASE("a page of another site is refused and the broker's own is not") {
  Site site;
  const std::string host = "Host: localhost:5672\r\n";
  CHECK(site.get(host + "Origin: http://localhost:5672\r\n") == 200);
  CHECK(site.get("Host: localhost\r\nOrigin: http://localhost\r\n") == 200);
  CHECK(site.get("Host: localhost:80\r\nOrigin: http://localhost\r\n") == 200);
  CHECK(site.get("Host: [::1]:5672\r\nOrigin: http://[::1]:5672\r\n") == 200);
  CHECK(site.get("Host: localhost\r\nOrigin: https://localhost\r\n") == 200);
  for (const std::string origin : {"null", "http://evil.example", "http://localhost", "http://localhost:3000",
                                   "http://127.0.0.1:5672", "file://", "localhost:5672", "", "http://"})
    CHECK(site.get(host + "Origin: " + origin + "\r\n") == 403);
  CHECK(site.get(host + "Origin: http://localhost:5672\r\nOrigin: http://evil.example\r\n") == 400);
}

TEST_CASE("a page of another site is refused where the browser tells no origin") {
  Site site;
  const std::string host = "Host: localhost\r\n";
  CHECK(site.get(host + "Sec-Fetch-Site: same-origin\r\n") == 200);
  CHECK(site.get(host + "Sec-Fetch-Site: none\r\n") == 200);
  CHECK(site.get(host + "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n") == 403);
  CHECK(site.get(host + "Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: cors\r\n") == 403);
  // A link that somebody follows; and a frame, which would look alike but for its destination.
  CHECK(site.get(host + "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n")
        == 200);
  CHECK(site.get(host + "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n") == 403);
  CHECK(site.post("Content-Type: application/json\r\nSec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\n"
                  "Sec-Fetch-Dest: document\r\n")
            .status
        == 403);
}

TEST_CASE("a body that any page may send is refused") {
  Site site;
  CHECK(site.post("Content-Type: application/json\r\n").status == 200);
  CHECK(site.post("Content-Type: Application/JSON ; charset=utf-8\r\n").status == 200);
  for (const std::string type : {"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                                 "text/plain; application/json", "application/jsonp", ""}) {
    const auto answer = site.post("Content-Type: " + type + "\r\n");
    CHECK(answer.status == 415);
    CHECK_THAT(answer.body, Catch::Contains("'Content-Type: application/json'"));
  }
  CHECK(site.post("").status == 415);
  CHECK(site.post("Content-Type: application/json\r\nContent-Type: text/plain\r\n").status == 415);
  CHECK(site.post("", "/", "").status == 200);  // there is no body
  CHECK(site.post("Content-Type: application/x-ndjson\r\n", "/lines").status == 200);
  CHECK(site.post("Content-Type: text/plain\r\n", "/lines").status == 415);  // though a route names it
  CHECK_THAT(site.post("", "/lines").body,
             Catch::Contains("send it with 'Content-Type: application/x-ndjson' or 'text/plain'\""));
}

}  // namespace pocketmq::tests
