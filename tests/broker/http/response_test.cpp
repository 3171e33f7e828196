// What a handler answers: statuses, names of errors, and texts that are safe in JSON.
#include "broker/http/response.hpp"

#include <set>
#include <string>

#include "tests/support/catch.hpp"

namespace pocketmq::tests {

namespace http = broker::http;

TEST_CASE("an error is named after its status") {
  const auto named = [](unsigned status, const std::string& name) {
    const auto answer = http::error(status, "why");
    CHECK(answer.status == status);
    CHECK(answer.content_type == "application/json");
    CHECK(answer.body == R"({"error":")" + name + R"(","reason":"why"})");
  };
  named(400, "bad_request");
  named(401, "not_authorized");
  named(403, "forbidden");
  named(404, "not_found");
  named(405, "method_not_allowed");
  named(408, "request_timeout");
  named(409, "conflict");
  named(411, "length_required");
  named(413, "content_too_large");
  named(414, "uri_too_long");
  named(415, "unsupported_media_type");
  named(417, "expectation_failed");
  named(429, "too_many_requests");
  named(431, "header_too_large");
  named(500, "internal_error");
  named(501, "not_implemented");
  named(503, "unavailable");
  named(505, "version_not_supported");
  named(418, "bad_request");
  named(499, "bad_request");
  named(507, "internal_error");
}

TEST_CASE("what a client wrote does not break the JSON that quotes it") {
  CHECK(http::error(400, "a \"b\"", "c\\d\x1b").body == R"({"error":"a \"b\"","reason":"c\\d\\x1b"})");
}

TEST_CASE("a handler may answer with JSON, with nothing, or throw what it found wrong") {
  const auto text = http::json("{}", 201);
  CHECK(text.status == 201);
  CHECK(text.body == "{}");
  CHECK(http::json("[]").status == 200);
  CHECK(http::no_content().status == 204);
  CHECK(http::no_content().content_type.empty());
  const http::HttpError usual{409, "there is one"}, own{409, "taken", "there is one"};
  CHECK(std::string{usual.what()} == "there is one");
  CHECK(usual.response().body == R"({"error":"conflict","reason":"there is one"})");
  CHECK(own.response().body == R"({"error":"taken","reason":"there is one"})");
  CHECK(own.response().status == 409);
}

}  // namespace pocketmq::tests
