// What a handler answers.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "broker/http/request.hpp"

namespace pocketmq::broker::http {

/// Status and headers of a response. Content-Length, Date, Connection and the like are added when it is sent.
struct ResponseHead {
  unsigned status{200};
  std::string content_type{};    // empty: there is none
  std::vector<Field> headers{};  // control characters in values are sent as spaces
  /// For a stream only: this text is sent after each `event_stream_idle` in which nothing was sent; empty for none.
  std::string idle_text{};
};

/// A response whose body is complete. `HttpLimits::responses_max_bytes` limits what all of these hold together. Use a
/// Stream for a body that may be long.
struct Response : ResponseHead {
  std::string body{};
  std::string_view lasting_body{};  // instead of `body`: bytes that outlive the broker, such as those of the program
};

/// 200, or another status, with JSON text.
[[nodiscard]] Response json(std::string text, unsigned status = 200);
/// 204.
[[nodiscard]] Response no_content();
/// `{"error": error, "reason": reason}`. The reason is a sentence: what is wrong, and what to write instead.
[[nodiscard]] Response error(unsigned status, std::string_view error, std::string_view reason);
/// The same with the usual name of the error: 404 is "not_found".
[[nodiscard]] Response error(unsigned status, std::string_view reason);

/// A handler throws this instead of answering, if it finds something wrong.
class HttpError : public std::exception {
 public:
  HttpError(unsigned status, std::string_view reason) : response_{error(status, reason)}, reason_{reason} {}
  HttpError(unsigned status, std::string_view name, std::string_view reason)
      : response_{error(status, name, reason)}, reason_{reason} {}

  [[nodiscard]] const Response& response() const { return response_; }
  [[nodiscard]] const char* what() const noexcept override { return reason_.c_str(); }

 private:
  Response response_;
  std::string reason_;
};

}  // namespace pocketmq::broker::http
