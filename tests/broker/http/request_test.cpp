// What a request asks for: its method, the parts of its target, and its fields.
#include "broker/http/request.hpp"

#include <string>
#include <utility>
#include <vector>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

namespace http = broker::http;
using http::Request;
using Strings = std::vector<std::string>;

struct Decoded {
  std::string fault;
  std::string authority;
  Request request;

  [[nodiscard]] Strings query() const {
    Strings pairs;
    for (const auto& [name, value] : request.query) pairs.push_back(name + "=" + value);
    return pairs;
  }
};

Decoded decoded(std::string target, http::Method method = http::Method::get) {
  Decoded decoded;
  decoded.request.target = std::move(target);
  decoded.request.method = method;
  decoded.fault = decode_target(decoded.request, decoded.authority);
  return decoded;
}

}  // namespace

TEST_CASE("a target is a path of names and a query of members") {
  const auto of = [](const std::string& target) {
    const auto [fault, authority, request] = decoded(target);
    CHECK(fault.empty());
    CHECK(authority.empty());
    return request.path;
  };
  CHECK(of("/") == Strings{});
  CHECK(of("/a") == Strings{"a"});
  CHECK(of("/a/") == Strings{"a"});
  CHECK(of("/a/b") == Strings{"a", "b"});
  CHECK(of("//") == Strings{""});
  CHECK(of("/a//b") == Strings{"a", "", "b"});
  CHECK(of("/a%2Fb/c") == Strings{"a/b", "c"});
  CHECK(of("/a+b") == Strings{"a+b"});
  CHECK(of("/a#b/c") == Strings{"a"});
  CHECK(of("/a?b/c") == Strings{"a"});
  CHECK(of("/a://b") == Strings{"a:", "", "b"});
}

TEST_CASE("a query's members may lack a value, and repeat") {
  CHECK(decoded("/?").query() == Strings{});
  CHECK(decoded("/?a").query() == Strings{"a="});
  CHECK(decoded("/?a=").query() == Strings{"a="});
  CHECK(decoded("/?=b").query() == Strings{"=b"});
  CHECK(decoded("/?a=b").query() == Strings{"a=b"});
  CHECK(decoded("/?a=b=c&&d=e&").query() == Strings{"a=b=c", "d=e"});
  CHECK(decoded("/?a=1&a=2").query() == Strings{"a=1", "a=2"});
  CHECK(decoded("/?a+b=c+d%2Be").query() == Strings{"a b=c d+e"});
  CHECK(decoded("/x?a=?#b=c").query() == Strings{"a=?"});
  const auto& request = decoded("/?a=1&a=2&b").request;
  CHECK(request.query_value("a") == "1");
  CHECK(request.query_value("b") == "");
  CHECK_FALSE(request.query_value("c"));
}

TEST_CASE("a target may name the broker's address") {
  const auto whole = decoded("http://host:80/a/b?c=d");
  CHECK(whole.fault.empty());
  CHECK(whole.authority == "host:80");
  CHECK(whole.request.path == Strings{"a", "b"});
  CHECK(whole.query() == Strings{"c=d"});
  const auto bare = decoded("http://host");
  CHECK(bare.fault.empty());
  CHECK(bare.authority == "host");
  CHECK(bare.request.path.empty());
  CHECK(bare.request.query.empty());
  const auto query = decoded("https://host?a=b");
  CHECK(query.authority == "host");
  CHECK(query.query() == Strings{"a=b"});
  CHECK_THAT(decoded("http:///a").fault, Catch::StartsWith("the address names no host"));
  CHECK_THAT(decoded("http://host?a=%").fault, Catch::Contains("write '%25'"));
}

TEST_CASE("what is no target is refused with what to write") {
  for (const auto* target : {"", "a", "a/b", "?a=b", "http:/a", "*"})
    CHECK_THAT(decoded(target).fault, Catch::StartsWith("the path does not begin with '/'"));
  for (const auto* target : {"/%", "/%2", "/%2g", "/%g2", "/a/b%", "/?a=%", "/?%=a", "/a%zz?b"})
    CHECK_THAT(decoded(target).fault, Catch::Contains("write '%25'"));
  CHECK(decoded("*", http::Method::options).fault.empty());
}

TEST_CASE("percent escapes are decoded and encoded") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  CHECK(http::percent_decoded(http::percent_encoded(all)) == all);
  CHECK(http::percent_encoded("azAZ09-._~") == "azAZ09-._~");
  CHECK(http::percent_encoded("/ :@[`{\xff\x0f") == "%2F%20%3A%40%5B%60%7B%FF%0F");
  CHECK(http::percent_decoded("%41%5a%5A%0F%f0") == "AZZ\x0f\xf0");
  CHECK(http::percent_decoded("") == "");
  for (const auto* wrong : {"%", "%4", "a%", "%4g", "%g4", "%/1", "%:1", "%@1", "%1`", "%1G"})
    CHECK_FALSE(http::percent_decoded(wrong));
}

TEST_CASE("methods have names, and no other text is one") {
  using http::Method;
  for (const auto& [method, name] : std::vector<std::pair<Method, std::string>>{{Method::get, "GET"},
                                                                                {Method::head, "HEAD"},
                                                                                {Method::post, "POST"},
                                                                                {Method::put, "PUT"},
                                                                                {Method::patch, "PATCH"},
                                                                                {Method::remove, "DELETE"},
                                                                                {Method::options, "OPTIONS"}}) {
    CHECK(http::method_of(name) == method);
    CHECK(http::name_of(method) == name);
  }
  CHECK(http::method_of("get") == Method::other);
  CHECK(http::method_of("TRACE") == Method::other);
  CHECK(http::name_of(Method::other).empty());
}

TEST_CASE("a field is found by its name in any case, the first one if there are several") {
  Request request;
  request.headers = {{"Accept", "a"}, {"accept", "b"}, {"X-@Z[", "c"}};
  request.parameters = {{"vhost", "v"}, {"name", "n"}};
  CHECK(request.header("ACCEPT") == "a");
  CHECK(request.header_count("aCCept") == 2);
  CHECK(request.header("x-@z[") == "c");
  CHECK_FALSE(request.header("x-`z{"));
  CHECK_FALSE(request.header("Accep"));
  CHECK(request.header_count("none") == 0);
  CHECK(request.parameter("name") == "n");
  CHECK(http::same_ignoring_case("", ""));
  CHECK_FALSE(http::same_ignoring_case("a", "ab"));
}

}  // namespace pocketmq::tests
