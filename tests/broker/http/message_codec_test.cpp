// Heads of responses as bytes, and how a request is parsed piece by piece.
#include "broker/http/message_codec.hpp"

#include <chrono>
#include <string>
#include <utility>

#include "protocol/base/memory_account.hpp"
#include "tests/support/catch.hpp"

namespace pocketmq::tests {
namespace {

namespace http = broker::http;
using http::Framing;
using http::HeadDetails;
using http::RequestParser;
using Progress = RequestParser::Progress;

std::string head_text(const http::ResponseHead& head, const HeadDetails& details = {}) {
  std::string text = "before";
  append_head(head, details, text);
  REQUIRE(text.starts_with("beforeHTTP/1."));
  REQUIRE(text.ends_with("\r\n\r\n"));
  return text.substr(6);
}

std::string date_at(std::chrono::sys_seconds time) {
  const auto text = head_text({}, {.seconds_since_epoch = static_cast<std::uint64_t>(time.time_since_epoch().count())});
  const auto begin = text.find("\r\nDate: ") + 8;
  return text.substr(begin, text.find("\r\n", begin) - begin);
}

class IncomingAccount final : public protocol::MemoryAccount {};

// A parser and what is left for it to take.
class Parsing {
 public:
  explicit Parsing(http::HttpLimits limits = {}) : limits_{limits} {}

  Progress takes(std::string_view bytes) {
    left_ += bytes;
    std::size_t taken = 0;
    const auto progress = parser.take(left_, taken);
    REQUIRE(taken <= left_.size());
    left_.erase(0, taken);
    return progress;
  }
  [[nodiscard]] const std::string& left() const { return left_; }

 private:
  std::string left_;
  const http::HttpLimits limits_;

 public:
  IncomingAccount incoming;
  RequestParser parser{limits_, incoming};
};

}  // namespace

TEST_CASE("the date of a response is as HTTP writes it") {
  using namespace std::chrono;
  using namespace std::chrono_literals;
  CHECK(date_at(sys_days{1994y / November / 6} + 8h + 49min + 37s) == "Sun, 06 Nov 1994 08:49:37 GMT");
  CHECK(date_at(sys_seconds{}) == "Thu, 01 Jan 1970 00:00:00 GMT");
  CHECK(date_at(sys_days{2024y / February / 29} + 23h + 59min + 59s) == "Thu, 29 Feb 2024 23:59:59 GMT");
  CHECK(date_at(sys_days{1999y / December / 31}) == "Fri, 31 Dec 1999 00:00:00 GMT");
  std::string days, months;
  for (int day = 6; day <= 12; ++day) days += date_at(sys_days{1994y / November / day}).substr(0, 3);
  for (unsigned month = 1; month <= 12; ++month)
    months += date_at(sys_days{1994y / std::chrono::month{month} / 1}).substr(8, 3);
  CHECK(days == "SunMonTueWedThuFriSat");
  CHECK(months == "JanFebMarAprMayJunJulAugSepOctNovDec");
}

TEST_CASE("a head says how its body ends and whether the connection goes on") {
  const auto has = [](const std::string& text, const std::string& line) {
    return text.find("\r\n" + line + "\r\n") != text.npos;
  };
  auto text = head_text({.content_type = "text/plain"}, {.framing = Framing::length, .body_bytes = 12});
  CHECK(text.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(has(text, "Content-Length: 12"));
  CHECK(has(text, "Content-Type: text/plain"));
  CHECK(has(text, "Cache-Control: no-cache"));
  CHECK_THAT(text, !Catch::Contains("Transfer-Encoding") && !Catch::Contains("Connection:"));

  text = head_text({}, {.framing = Framing::chunked, .keeps_alive = false});
  CHECK(has(text, "Transfer-Encoding: chunked"));
  CHECK(has(text, "Connection: close"));
  CHECK_THAT(text, !Catch::Contains("Content-Length") && !Catch::Contains("Content-Type:"));

  text = head_text({.status = 204}, {.framing = Framing::none, .is_http_1_0 = true});
  CHECK(text.starts_with("HTTP/1.0 204 No Content\r\n"));
  CHECK(has(text, "Connection: keep-alive"));
  CHECK_THAT(text, !Catch::Contains("Content-Length") && !Catch::Contains("Transfer-Encoding"));

  text = head_text({}, {.framing = Framing::close, .keeps_alive = false, .is_http_1_0 = true});
  CHECK_THAT(text, !Catch::Contains("Connection:") && !Catch::Contains("Content-Length"));
}

TEST_CASE("a head's own fields are sent without what is no text") {
  const auto text = head_text({.status = 299,
                               .content_type = "text/\x01plain",
                               .headers = {{"Cache-Control", "no-store"},
                                           {"X-Odd",
                                            "a\r\nb\x7f"
                                            "c\td\x1f"
                                            "e f~"}}});
  CHECK(text.starts_with("HTTP/1.1 299 "));
  CHECK_THAT(text, Catch::Contains("\r\nContent-Type: text/ plain\r\n"));
  CHECK_THAT(text, Catch::Contains("\r\nX-Odd: a  b c\td e f~\r\n"));
  CHECK_THAT(text, Catch::Contains("\r\nCache-Control: no-store\r\n") && !Catch::Contains("no-cache"));
}

TEST_CASE("a request's head is told once, and then its body as a whole") {
  Parsing parsing;
  CHECK(parsing.takes("POST /a HTTP/1.1\r\nContent-Le") == Progress::need_more);
  CHECK(parsing.takes("ngth: 40\r\nA: b\r\n\r\n" + std::string(25, 'b')) == Progress::head);
  CHECK(parsing.parser.has_body());
  CHECK(parsing.parser.left_to_come() == 40);
  CHECK(parsing.parser.keeps_alive());
  CHECK_FALSE(parsing.parser.is_http_1_0());
  const auto& request = parsing.parser.request();
  CHECK(request.method == http::Method::post);
  CHECK(request.target == "/a");
  CHECK(request.header("a") == "b");
  CHECK(parsing.takes("") == Progress::need_more);
  CHECK(parsing.parser.left_to_come() == 15);
  CHECK(parsing.incoming.used() >= 25);
  CHECK(parsing.takes(std::string(15, 'b') + ", and more") == Progress::whole);
  CHECK(request.body == std::string(40, 'b'));
  CHECK(parsing.left() == ", and more");
  CHECK(parsing.takes("") == Progress::whole);
  CHECK(parsing.left() == ", and more");
}

TEST_CASE("of a chunked body as much is to come as may come") {
  Parsing parsing{{.body_max_bytes = 100}};
  CHECK(parsing.takes("POST / HTTP/1.0\r\nContent-Length: 0\r\n\r\n") == Progress::head);
  CHECK(parsing.parser.is_http_1_0());
  CHECK_FALSE(parsing.parser.keeps_alive());
  CHECK_FALSE(parsing.parser.has_body());
  Parsing chunked{{.body_max_bytes = 100}};
  CHECK(chunked.takes("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n") == Progress::head);
  CHECK(chunked.parser.left_to_come() == 100);
  CHECK(chunked.takes("a\r\n0123456789\r\n") == Progress::need_more);
  CHECK(chunked.parser.left_to_come() == 90);
  CHECK(chunked.takes("0\r\n\r\n") == Progress::whole);
}

TEST_CASE("a head may be as long as the limit says and have as many fields, and no more") {
  const auto status_of = [](const http::HttpLimits& limits, const std::string& head, std::size_t piece) -> unsigned {
    Parsing parsing{limits};
    for (std::size_t at = 0; at < head.size(); at += piece) {
      const auto progress = parsing.takes(head.substr(at, piece));
      if (progress == Progress::head) return 200;
      if (progress == Progress::fault) return parsing.parser.refusal().status;
    }
    return 0;
  };
  const std::string begin = "GET / HTTP/1.1\r\n";
  const auto piece = GENERATE(std::size_t{7}, std::size_t{10'000});
  const auto long_head = [&](std::size_t bytes) {
    const std::string name = "a: ", end = "\r\n\r\n";
    return begin + name + std::string(bytes - begin.size() - name.size() - end.size(), 'x') + end;
  };
  CHECK(status_of({.header_max_bytes = 500}, long_head(499), piece) == 200);
  CHECK(status_of({.header_max_bytes = 500}, long_head(502), piece) == 431);
  CHECK(status_of({.header_fields_max = 2}, begin + "a: b\r\nc: d\r\n\r\n", piece) == 200);
  CHECK(status_of({.header_fields_max = 2}, begin + "a: b\r\nc: d\r\ne: f\r\n\r\n", piece) == 431);
  CHECK(status_of({.body_max_bytes = 5}, "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", piece) == 200);
  CHECK(status_of({.body_max_bytes = 5}, "POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\n", piece) == 413);
}

}  // namespace pocketmq::tests
