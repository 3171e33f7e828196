#include "broker/http/query.hpp"

#include <algorithm>
#include <string>

#include "broker/http/response.hpp"
#include "protocol/base/whole_number.hpp"

namespace pocketmq::broker::http {
namespace {

constexpr std::size_t shown_of_query_max = 100;

std::string in_quotes(std::string_view text) { return "'" + std::string{text.substr(0, shown_of_query_max)} + "'"; }

}  // namespace

void require_known_query(const Request& request, std::initializer_list<std::string_view> names) {
  for (auto field = request.query.begin(); field != request.query.end(); ++field) {
    if (std::ranges::find(names, field->name) == names.end()) {
      std::string known;
      for (const auto name : names) known += (known.empty() ? "" : ", ") + in_quotes(name);
      throw HttpError{400, "there is no " + in_quotes(field->name) + " here; the query may have " + known};
    }
    if (std::ranges::find(request.query.begin(), field, field->name, &Field::name) != field)
      throw HttpError{400, in_quotes(field->name) + " is in the query twice; leave one of them out"};
  }
}

std::optional<std::uint64_t> number_in_query(const Request& request, std::string_view name, std::uint64_t min,
                                             std::uint64_t max) {
  const auto given = request.query_value(name);
  if (!given) return std::nullopt;
  std::string text{*given};
  if (const auto fault = protocol::fault_of_whole_number(text, min, max); !fault.empty())
    throw HttpError{400, in_quotes(name) + " " + fault};
  return std::stoull(text);
}

std::optional<bool> flag_in_query(const Request& request, std::string_view name) {
  const auto given = request.query_value(name);
  if (!given) return std::nullopt;
  if (given == "true") return true;
  if (given == "false") return false;
  throw HttpError{400, in_quotes(name) + " wants 'true' or 'false', got " + in_quotes(*given)};
}

}  // namespace pocketmq::broker::http
