#include "broker/http/event_stream.hpp"

#include <algorithm>
#include <charconv>

namespace pocketmq::broker::http {
namespace {

void append_field(std::string_view name, std::string_view value, std::string& to) {
  to += name;
  to += ": ";
  for (const char letter : value)
    if (letter != '\n' && letter != '\r' && letter != '\0') to += letter;
  to += '\n';
}

}  // namespace

std::string text_of(const ServerEvent& event) {
  std::string text;
  text.reserve(event.data.size() + event.id.size() + event.name.size() + 32);
  if (!event.id.empty()) append_field("id", event.id, text);
  if (!event.name.empty()) append_field("event", event.name, text);
  auto left = event.data;
  for (;;) {
    const auto end = std::min(left.find_first_of("\r\n"), left.size());
    text += "data: ";
    text += left.substr(0, end);
    text += '\n';
    if (end == left.size()) break;
    left.remove_prefix(left.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
  text += '\n';
  return text;
}

ResponseHead event_stream() {
  return {.content_type = "text/event-stream",
          .headers = {{"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}},
          .idle_text = ":\n\n"};
}

std::optional<std::uint64_t> last_event_id(const Request& request) {
  auto text = request.header("Last-Event-ID");
  if (!text) text = request.query_value("last_event_id");
  if (!text) return std::nullopt;
  std::uint64_t id = 0;
  const auto* const end = text->data() + text->size();
  const auto [stopped, fault] = std::from_chars(text->data(), end, id);
  if (fault != std::errc{} || stopped != end) return std::nullopt;
  return id;
}

}  // namespace pocketmq::broker::http
