// Keeps web pages of other sites out. A broker on loopback can be reached from any page that its user has open.
//
// - DNS rebinding: a page's own name suddenly leads to 127.0.0.1. The browser then sends that name as Host, and only
//   addresses, "localhost" and names that were allowed are taken.
// - Requests across sites: the browser says where they come from (Origin, Sec-Fetch-Site). What has no such header, and
//   needs no leave of the broker's, cannot have a content type of application/json. There are no CORS headers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/http/response.hpp"

namespace pocketmq::broker::http {

/// What to answer a request that comes from another site, or to a name that is not the broker's; nothing if it is fine.
/// `authority` is that of the target's absolute form, or empty. `is_http_1_0`: then Host may be missing.
[[nodiscard]] std::optional<Response> refuse_other_sites(const Request& request, const std::string& authority,
                                                         bool is_http_1_0, const std::vector<std::string>& names);

/// What to answer a request with a body whose type is none of those; nothing if it is fine.
[[nodiscard]] std::optional<Response> refuse_content_type(const Request& request,
                                                          const std::vector<std::string>& content_types);

}  // namespace pocketmq::broker::http
