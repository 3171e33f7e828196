// HTTP/1.1 as bytes (RFC 9112): requests are parsed and heads of responses are written. Boost.Beast does both, and only
// this unit sees it.
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
    need_more,  // bytes that were not taken are to be given again, with more
    head,       // comes once: the head is there, see `request`
    whole,      // the body is there as well; nothing more is to be given
    fault       // it is no request, or beyond a bound; nothing more is to be given
  };

  /// The body is charged to `incoming`, which must outlive the request.
  RequestParser(const HttpLimits& limits, protocol::MemoryAccount& incoming);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// Takes bytes of the request from the front of `bytes`, and tells in `taken` how many.
  [[nodiscard]] Progress take(std::string_view bytes, std::size_t& taken);

  /// From `head` on: method, target and headers. From `whole` on also the body.
  [[nodiscard]] Request& request() { return request_; }
  /// From `head` on.
  [[nodiscard]] bool has_body() const;
  [[nodiscard]] bool is_http_1_0() const;
  [[nodiscard]] bool keeps_alive() const;
  /// Bytes of the body that are still to come; of a chunked one, which does not tell, as many as may.
  [[nodiscard]] std::uint64_t left_to_come() const;
  /// After `fault`.
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
  std::size_t head_bytes_{0};  // that were taken
  bool has_head_{false};
  std::optional<Response> refusal_;
};

/// How the body that comes after a head is told from what follows it.
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
