// HTTP/1.1 as bytes (RFC 9112): parses requests and writes the heads of responses. Boost.Beast does both. Only this
// unit includes it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/http/http_limits.hpp"
#include "broker/http/response.hpp"

namespace pocketmq::broker::http {

/// Parses one request.
class RequestParser {
 public:
  enum class Progress : std::uint8_t {
    need_more,  // give the bytes that were not taken again, with more
    head,       // returned once: the head has come, see `request`
    whole,      // the body has come too; give nothing more
    fault       // it is no request, or exceeds a limit; give nothing more
  };

  /// The body is charged to `incoming`. `limits` must outlive the parser, and `incoming` the request.
  RequestParser(const HttpLimits& limits, protocol::MemoryAccount& incoming);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// Takes bytes of the request from the front of `bytes`, and sets `taken` to how many it has taken.
  [[nodiscard]] Progress take(std::string_view bytes, std::size_t& taken);

  /// Valid from `head` on: method, target and headers; from `whole` on also the body.
  [[nodiscard]] Request& request() { return request_; }
  /// Valid from `head` on.
  [[nodiscard]] bool has_body() const;
  [[nodiscard]] bool is_http_1_0() const;
  [[nodiscard]] bool keeps_alive() const;
  /// How many bytes of the body are still to come. A chunked body does not say; then it is as many as may come.
  [[nodiscard]] std::uint64_t left_to_come() const;
  /// Valid after `fault`.
  [[nodiscard]] const Response& refusal() const { return *refusal_; }

 private:
  struct Beast;

  [[nodiscard]] Progress take_head(std::string_view bytes, std::size_t& taken);
  [[nodiscard]] Progress take_body(std::string_view bytes, std::size_t& taken);
  [[nodiscard]] Progress refuse(Response refusal);
  void read_head();

  const HttpLimits& limits_;
  const std::unique_ptr<Beast> beast_;
  Request request_;
  std::size_t head_bytes_{0};  // how many were taken
  bool has_head_{false};
  std::optional<Response> refusal_;
};

/// How the end of a body is marked.
enum class Framing : std::uint8_t {
  none,     // there is no body: 204, 304
  length,   // Content-Length
  chunked,  // HTTP/1.1, of unknown length
  close     // HTTP/1.0, of unknown length: it ends with the connection
};

struct HeadDetails {
  Framing framing{Framing::length};
  std::uint64_t body_bytes{0};  // with `length`
  bool keeps_alive{true};
  bool is_http_1_0{false};
  std::uint64_t seconds_since_epoch{0};
};

/// Appends the head of a response.
void append_head(const ResponseHead& head, const HeadDetails& details, std::string& to);

}  // namespace pocketmq::broker::http
