// Reads the query of a request. Each function throws HttpError 400 with a sentence if it finds something wrong.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "broker/http/request.hpp"

namespace pocketmq::broker::http {

/// Refuses a query with another name than these, or with one of them twice. So a misspelt name does not go unnoticed.
void require_known_query(const Request& request, std::initializer_list<std::string_view> names);

/// The number with that name, from `min` to `max`; nothing if it is not in the query.
[[nodiscard]] std::optional<std::uint64_t> number_in_query(const Request& request, std::string_view name,
                                                           std::uint64_t min, std::uint64_t max);

/// Whether "true" or "false" has that name; nothing if it is not in the query.
[[nodiscard]] std::optional<bool> flag_in_query(const Request& request, std::string_view name);

}  // namespace pocketmq::broker::http
