#include "broker/http/response.hpp"

#include "protocol/base/printable.hpp"
#include "protocol/codec/json_text.hpp"

namespace pocketmq::broker::http {
namespace {

std::string_view usual_name(unsigned status) {
  switch (status) {
    case 400: return "bad_request";
    case 401: return "not_authorized";
    case 403: return "forbidden";
    case 404: return "not_found";
    case 405: return "method_not_allowed";
    case 408: return "request_timeout";
    case 409: return "conflict";
    case 411: return "length_required";
    case 413: return "content_too_large";
    case 414: return "uri_too_long";
    case 415: return "unsupported_media_type";
    case 417: return "expectation_failed";
    case 429: return "too_many_requests";
    case 431: return "header_too_large";
    case 500: return "internal_error";
    case 501: return "not_implemented";
    case 503: return "unavailable";
    case 505: return "version_not_supported";
    default: return status < 500 ? "bad_request" : "internal_error";
  }
}

}  // namespace

Response json(std::string text, unsigned status) {
  return {{.status = status, .content_type = "application/json"}, std::move(text), {}};
}

Response no_content() { return {{.status = 204}, {}, {}}; }

Response error(unsigned status, std::string_view error, std::string_view reason) {
  std::string text = R"({"error":)";
  protocol::append_json_string(protocol::printable(error), text);
  text += R"(,"reason":)";
  protocol::append_json_string(protocol::printable(reason), text);
  text += '}';
  return json(std::move(text), status);
}

Response error(unsigned status, std::string_view reason) { return error(status, usual_name(status), reason); }

}  // namespace pocketmq::broker::http
