// Refuses requests from web pages of other sites. Any page that a user has open can reach a broker on loopback.
//
// - DNS rebinding: the name of a page's own site suddenly leads to 127.0.0.1. The browser then sends that name as Host.
//   Only addresses, "localhost" and names that were allowed are accepted as Host.
// - Requests across sites: the browser says where they come from (Origin, Sec-Fetch-Site). A browser that sends neither
//   header cannot send application/json without asking the broker first, and the broker never permits it: there are no
//   CORS headers.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/http/response.hpp"

namespace pocketmq::broker::http {

/// Returns the answer to a request that comes from another site, or that names a host that is not the broker; nothing
/// if the request is fine. `authority` is that of the target's absolute form, or empty. With `is_http_1_0` Host may be
/// missing.
[[nodiscard]] std::optional<Response> refuse_other_sites(const Request& request, const std::string& authority,
                                                         bool is_http_1_0, const std::vector<std::string>& names);

/// Returns the answer to a request whose body has none of these types; nothing if the request is fine.
[[nodiscard]] std::optional<Response> refuse_content_type(const Request& request,
                                                          const std::vector<std::string>& content_types);

}  // namespace pocketmq::broker::http
