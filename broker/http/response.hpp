// What a handler answers.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <vector>

#include "broker/http/request.hpp"

namespace pocketmq::broker::http {

/// What stands before a body. Content-Length, Date, Connection and the like are added when it is sent.
struct ResponseHead {
  unsigned status{200};
  std::string content_type{};    // empty: there is none
  std::vector<Field> headers{};  // control characters in values are sent as spaces
  /// Of a stream only: sent each time nothing was for a while (`event_stream_idle`); empty for none.
  std::string idle_text{};
};

/// A response whose body is there as a whole. `HttpLimits::responses_max_bytes` bounds what all of these hold; what can
/// be long is better streamed.
struct Response : ResponseHead {
  std::string body{};
  std::string_view lasting_body{};  // instead: bytes that outlive the broker, such as those of the program
};

/// 200, or another status, with JSON text.
[[nodiscard]] Response json(std::string text, unsigned status = 200);
/// 204.
[[nodiscard]] Response no_content();
/// `{"error": error, "reason": reason}`. The reason is a sentence: what is wrong, and what to write instead.
[[nodiscard]] Response error(unsigned status, std::string_view error, std::string_view reason);
/// With an error's usual name: 404 is "not_found".
[[nodiscard]] Response error(unsigned status, std::string_view reason);

/// What a handler throws instead of answering, if it finds something wrong.
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
