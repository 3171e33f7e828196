// A broker that answers HTTP, the clients' ends of its connections, and a virtual clock, which moves only in `advance`.
// There are no sockets: bytes are passed by function calls.
//
//     HttpWorld world;
//     world.router().get("/", [](Request&) { return http::json("{}"); });
//     CHECK(world.connect().asks("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 200);
#pragma once

#include <chrono>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/core/options.hpp"
#include "broker/http/http_server.hpp"
#include "broker/session/broker.hpp"

namespace pocketmq::tests {

namespace http = broker::http;
using protocol::TimePoint;

class HttpWorld;

/// A response as a client reads it.
struct HttpAnswer {
  unsigned status{0};
  std::string head{};
  std::string body{};  // without the framing of chunks

  /// The value of the header field, "" if there is none.
  [[nodiscard]] std::string header(std::string_view name) const;
};

/// A client of one connection.
class HttpPeer final : private protocol::Waker {
 public:
  HttpPeer(HttpWorld& world, std::unique_ptr<protocol::ConnectionEnd> end);
  ~HttpPeer() { vanish(); }

  /// Bytes go out, and time stands still until all is quiet.
  HttpPeer& sends(std::string_view bytes);
  /// Sends it, and reads the response.
  HttpAnswer asks(std::string_view request);
  /// The next whole response that has come; throws if there is none. To a HEAD it has no body.
  HttpAnswer answer(std::string_view to_method = "GET");
  /// Bytes that have come and were not read as a response.
  [[nodiscard]] std::string_view received() const { return std::string_view{received_}.substr(read_); }
  [[nodiscard]] bool is_closed() const { return !end_; }

  /// From now on each read of the broker's gives that many bytes.
  HttpPeer& in_pieces_of(std::size_t bytes);
  /// From now on it reads that many bytes more, and then nothing.
  HttpPeer& reads_at_most(std::size_t bytes);
  /// The connection is gone from one moment to the next.
  void vanish();

  /// Bytes that the broker has not taken.
  [[nodiscard]] std::size_t unsent_bytes() const { return to_send_.size() - sent_; }
  [[nodiscard]] const protocol::ConnectionEnd& end() const { return *end_; }

 private:
  friend class HttpWorld;

  void wake() override { woken_ = true; }
  [[nodiscard]] bool take_turn();
  void tick();

  HttpWorld& world_;
  std::unique_ptr<protocol::ConnectionEnd> end_;
  std::string to_send_;
  std::size_t sent_{0};
  std::string received_;
  std::size_t read_{0};
  std::size_t piece_{std::numeric_limits<std::size_t>::max()};
  std::size_t may_read_{std::numeric_limits<std::size_t>::max()};
  bool woken_{true};
};

class HttpWorld {
 public:
  explicit HttpWorld(const http::HttpLimits& limits = {}, http::HostNames names = {}, broker::Options options = {});

  [[nodiscard]] http::Router& router() { return server_.router(); }
  HttpPeer& connect();
  /// A client of another end, such as a port's that speaks more than HTTP.
  HttpPeer& connect(std::unique_ptr<protocol::ConnectionEnd> end);
  /// Bytes move until all connections are quiet. Throws if they never are.
  void settle();
  /// Time passes; whatever is due on the way is done when it is due.
  void advance(std::chrono::nanoseconds duration);

  [[nodiscard]] TimePoint now() const { return now_; }
  [[nodiscard]] http::HttpServer& server() { return server_; }
  [[nodiscard]] broker::Broker& broker() { return broker_; }
  /// Bytes that the broker holds for anybody.
  [[nodiscard]] std::size_t memory() { return broker_.context().memory().total(); }
  /// How often the broker's own turn has come: work that did not fit into the turn of who asked for it.
  [[nodiscard]] std::size_t ticks() const { return ticks_; }

 private:
  TimePoint now_{std::chrono::hours{1}};
  broker::Broker broker_;
  http::HttpServer server_;
  std::vector<std::unique_ptr<HttpPeer>> peers_;
  std::size_t ticks_{0};
};

}  // namespace pocketmq::tests
