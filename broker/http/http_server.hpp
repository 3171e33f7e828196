// HTTP for one broker: what it serves, and its connections.
//
//     http::HttpServer server{broker.context()};
//     server.router().get("/version", [](http::Request&) { return http::json(R"({"version":"0.1.0"})"); });
//     listener.answer_http_with(server);
#pragma once

#include <string_view>

#include "broker/http/http_entrance.hpp"
#include "broker/http/http_state.hpp"

namespace pocketmq::broker::http {

/// Used on the broker's thread only. Must outlive its connections.
class HttpServer final : public HttpEntrance {
 public:
  /// `context`, a broker's, must outlive the server. `names`: see HostNames.
  explicit HttpServer(Context& context, HostNames names = {}, const HttpLimits& limits = {});
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  ~HttpServer() = default;

  /// The routes. Add all of them before the first request.
  [[nodiscard]] Router& router() { return state_.router; }

  [[nodiscard]] std::unique_ptr<protocol::ConnectionEnd> connect(Caller caller, protocol::TimePoint now) override;
  void shut_down(std::string_view text) override;

  /// How many connections have not ended.
  [[nodiscard]] std::size_t connection_count() const { return state_.waiting.size() + state_.answering.size(); }

 private:
  HttpState state_;
};

}  // namespace pocketmq::broker::http
