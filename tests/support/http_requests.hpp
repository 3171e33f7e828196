// Requests as text, and handlers that answer them: what the tests of HTTP connections have in common.
#pragma once

#include <array>
#include <charconv>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/catch.hpp"
#include "tests/support/http_world.hpp"

namespace pocketmq::tests {

using http::Request;
using http::Responder;
using http::Response;
using http::Stream;

inline const std::string get_root = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

inline std::string get(const std::string& path, const std::string& more = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + more + "\r\n";
}

inline std::string post(const std::string& path, const std::string& body, const std::string& more = "") {
  return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
         + std::to_string(body.size()) + "\r\n" + more + "\r\n" + body;
}

inline std::string chunked_post(const std::string& path, const std::vector<std::string>& chunks,
                                const std::string& trailers = "") {
  std::string text = "POST " + path
                     + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                       "Transfer-Encoding: chunked\r\n\r\n";
  std::array<char, 16> size{};
  for (const auto& chunk : chunks) {
    const auto [end, fault] = std::to_chars(size.data(), size.data() + size.size(), chunk.size(), 16);
    text += std::string{size.data(), end} + "\r\n" + chunk + "\r\n";
  }
  return text + "0\r\n" + trailers + "\r\n";
}

// One who answers with what was asked: "POST /echo/a b|page=1|body".
inline void add_echo(HttpWorld& world) {
  const auto echo = [](Request& request) {
    std::string text = request.method_name;
    for (const auto& segment : request.path) text += "/" + segment;
    for (const auto& [name, value] : request.query) text.append("|").append(name).append("=").append(value);
    return http::json(text + "|" + request.body);
  };
  world.router().get("/echo/{what...}", echo);
  world.router().post("/echo", echo);
}

// One whose requests are answered when a test wants it.
class Later {
 public:
  explicit Later(HttpWorld& world) {
    world.router().get("/later", [this](Request&, Responder responder) { waiting.push_back(std::move(responder)); });
    world.router().post("/later", [this](Request&, Responder responder) { waiting.push_back(std::move(responder)); });
  }
  void answer(std::string text) {
    auto first = std::move(waiting.front());
    waiting.erase(waiting.begin());
    first.send(http::json(std::move(text)));
  }
  std::vector<Responder> waiting;
};

// One that sends lines on and on, as far as its reader reads.
class Lines {
 public:
  Lines(HttpWorld& world, std::size_t count) {
    world.router().get("/lines", [this, count](Request&, Responder responder) {
      auto stream = std::make_shared<Stream>(responder.begin({.content_type = "application/x-ndjson"}));
      stream->on_room([this, stream, count, next = std::size_t{0}]() mutable {
        while (next < count && stream->room() > 0) {
          stream->write(line(next++));
          ++written;
        }
        if (next == count) stream->end();
      });
    });
  }
  static std::string line(std::size_t i) { return "{\"n\":" + std::to_string(1'000'000 + i) + "}\n"; }
  std::size_t written{0};
};

inline std::string reason_of(const HttpAnswer& answer) {
  const auto parsed = nlohmann::json::parse(answer.body);
  CHECK(parsed.at("error").get<std::string>() != "");
  return parsed.at("reason").get<std::string>();
}

}  // namespace pocketmq::tests
