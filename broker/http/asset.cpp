#include "broker/http/asset.hpp"

#include <cstdint>

namespace pocketmq::broker::http {
namespace {

constexpr std::string_view content_security_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src "
    "'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

// FNV-1a: it distinguishes versions of a file. It need not resist attacks, because nobody gains by two files with the
// same tag.
std::string tag_of(std::string_view bytes) {
  std::uint64_t hash = 0xCBF29CE484222325U;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001B3U;
  constexpr std::string_view digits = "0123456789abcdef";
  std::string tag = "\"";
  for (int shift = 60; shift >= 0; shift -= 4) tag += digits[(hash >> static_cast<unsigned>(shift)) & 15U];
  return tag + '"';
}

// If-None-Match is "*" or a list of tags, weak or not (RFC 9110, section 13.1.2).
bool names(std::string_view if_none_match, std::string_view etag) {
  return if_none_match == "*" || if_none_match.find(etag) != if_none_match.npos;
}

}  // namespace

Asset::Asset(std::string_view bytes, std::string_view content_type)
    : bytes_{bytes}, content_type_{content_type}, etag_{tag_of(bytes)} {}

Response Asset::response_to(const Request& request) const {
  Response response;
  response.headers = {{"ETag", etag_},
                      {"Cache-Control", "no-cache"},
                      {"Content-Security-Policy", std::string{content_security_policy}},
                      {"Referrer-Policy", "no-referrer"}};
  if (const auto known = request.header("If-None-Match"); known && names(*known, etag_)) {
    response.status = 304;
    return response;
  }
  response.content_type = content_type_;
  response.lasting_body = bytes_;
  return response;
}

}  // namespace pocketmq::broker::http
