// What a page needs: its files, and events that it can take up again.
#include "broker/http/asset.hpp"
#include "broker/http/event_stream.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/http_world.hpp"

namespace pocketmq::tests {
namespace {

using http::Asset;
using http::Request;
using http::text_of;

std::string get_with(const std::string& headers) { return "GET / HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n"; }

}  // namespace

TEST_CASE("a page's file is sent once and then only asked for") {
  const Asset asset{"<!doctype html>", "text/html; charset=utf-8"};
  HttpWorld world;
  world.router().get("/", [&](Request& request) { return asset.response_to(request); });
  auto& peer = world.connect();
  const auto answer = peer.asks(get_with(""));
  CHECK(answer.status == 200);
  CHECK(answer.body == "<!doctype html>");
  CHECK(answer.header("Content-Type") == "text/html; charset=utf-8");
  CHECK(answer.header("ETag") == asset.etag());
  CHECK(answer.header("Cache-Control") == "no-cache");
  CHECK_THAT(answer.header("Content-Security-Policy"), Catch::StartsWith("default-src 'none'"));
  for (const auto& known : {asset.etag(), "\"other\", " + asset.etag(), "W/" + asset.etag(), std::string{"*"}}) {
    const auto same = peer.asks(get_with("If-None-Match: " + known + "\r\n"));
    CHECK(same.status == 304);
    CHECK(same.header("ETag") == asset.etag());
    CHECK(same.header("Content-Length") == "");
  }
  CHECK(peer.asks(get_with("If-None-Match: \"other\"\r\n")).status == 200);
}

TEST_CASE("files that differ have different tags") {
  CHECK(Asset{"a", "text/css"}.etag() != Asset{"b", "text/css"}.etag());
  CHECK(Asset{"a", "text/css"}.etag() == Asset{"a", "text/html"}.etag());
  CHECK_THAT((Asset{"", "text/css"}.etag()), Catch::Matches("\"[0-9a-f]{16}\""));
}

TEST_CASE("an event is text with a field a line") {
  CHECK(text_of({.data = "one"}) == "data: one\n\n");
  CHECK(text_of({.id = "17", .name = "enqueued", .data = "{}"}) == "id: 17\nevent: enqueued\ndata: {}\n\n");
  CHECK(text_of({.data = "a\nb\r\nc\rd\n"}) == "data: a\ndata: b\ndata: c\ndata: d\ndata: \n\n");
  CHECK(text_of({.data = ""}) == "data: \n\n");
  CHECK(text_of({.id = "1\n2", .name = "x\r\ndata: evil", .data = "a"}) == "id: 12\nevent: xdata: evil\ndata: a\n\n");
}

TEST_CASE("a reader tells which event it saw last") {
  const auto last = [](std::vector<http::Field> headers, std::vector<http::Field> query = {}) {
    return http::last_event_id(Request{.query = std::move(query), .headers = std::move(headers)});
  };
  CHECK(last({{"last-event-id", "17"}}) == 17);
  CHECK(last({}, {{"last_event_id", "4"}}) == 4);
  CHECK(last({{"Last-Event-ID", "5"}}, {{"last_event_id", "4"}}) == 5);
  CHECK(last({}) == std::nullopt);
  for (const std::string wrong : {"", "x", "-1", "1x", " 1", "99999999999999999999"})
    CHECK(last({{"Last-Event-ID", wrong}}) == std::nullopt);
}

TEST_CASE("a reader of events takes them up where its connection broke off") {
  HttpWorld world;
  world.router().get("/", [](Request& request, http::Responder responder) {
    auto stream = std::make_shared<http::Stream>(responder.begin(http::event_stream()));
    stream->on_room([stream, next = http::last_event_id(request).value_or(0) + 1]() mutable {
      for (; next <= 20'000 && stream->room() > 0; ++next) {
        const auto number = std::to_string(next);
        stream->write(text_of({.id = number, .data = number}));
      }
      if (next > 20'000) stream->end();
    });
  });
  auto& peer = world.connect();
  peer.reads_at_most(70'000);
  peer.sends(get_with(""));
  peer.vanish();
  const std::string come{peer.received()};
  const auto begin = come.rfind("id: ", come.rfind("\n\n"));
  const auto last = come.substr(begin + 4, come.find('\n', begin) - begin - 4);
  CHECK(std::stoi(last) > 1'000);
  CHECK(std::stoi(last) < 19'000);
  const auto rest = world.connect().asks(get_with("Last-Event-ID: " + last + "\r\n"));
  CHECK(rest.header("Content-Type") == "text/event-stream");
  CHECK_THAT(rest.body, Catch::StartsWith("id: " + std::to_string(std::stoi(last) + 1) + "\n"));
  CHECK_THAT(rest.body, Catch::EndsWith("data: 20000\n\n"));
}

}  // namespace pocketmq::tests
