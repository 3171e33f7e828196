#include "broker/journal/event_text.hpp"

#include <nlohmann/json.hpp>

#include "broker/journal/ndjson.hpp"
#include "protocol/codec/trace.hpp"

namespace pocketmq::broker {
namespace {

bool says_nothing(std::string_view name, const nlohmann::ordered_json& value) {
  if (name == "number" || name == "time" || name == "ahead_ms" || name == "kind" || name == "route_count") return true;
  if (name == "vhost") return value == "/";
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  if (value.is_number()) return value == 0;
  return value.empty() || value == false;
}

}  // namespace

std::string event_text(const Entry& entry, std::string_view client) {
  std::string line;
  append_ndjson(entry, line);
  std::string text{entry.kind().name};
  const auto members = nlohmann::ordered_json::parse(line);
  for (const auto& [name, value] : members.items()) {
    if (says_nothing(name, value)) continue;
    if (name == "connection" && !client.empty())
      text += " client=" + protocol::trace_word(client);
    else
      text += ' ' + name + '=' + (value.is_string() ? protocol::trace_word(value.get<std::string>()) : value.dump());
  }
  return text;
}

}  // namespace pocketmq::broker
