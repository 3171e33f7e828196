// Files of a web page that are part of the program.
#pragma once

#include <string>
#include <string_view>

#include "broker/http/response.hpp"

namespace pocketmq::broker::http {

/// Bytes that outlive the broker, with their content type and ETag.
class Asset {
 public:
  Asset(std::string_view bytes, std::string_view content_type);

  /// Returns 200 with the bytes, or 304 if the request has the same ETag. Browsers ask each time whether the file has
  /// changed. A page among these files may load nothing from other sites, and other sites may not show it in a frame.
  [[nodiscard]] Response response_to(const Request& request) const;

  [[nodiscard]] const std::string& etag() const { return etag_; }

 private:
  std::string_view bytes_;
  std::string content_type_;
  std::string etag_;
};

}  // namespace pocketmq::broker::http
