#include "tests/kit/standstill.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include <nlohmann/json.hpp>

namespace pocketmq::testkit {
namespace {

using nlohmann::json;

constexpr std::size_t messages_each_max = 5;  // of a queue, and of those that were dropped or refused

std::string in_quotes(std::string_view text) { return '\'' + std::string{text} + '\''; }

// A text of the journal, which may be `{"$string": BASE64}`.
std::string text_in(const json& event, const char* member) {
  const auto found = event.find(member);
  return found != event.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

// What the journal says of messages.
class Messages {
 public:
  explicit Messages(std::string_view journal) {
    while (!journal.empty()) {
      const auto end = journal.find('\n');
      const auto line = journal.substr(0, end);
      journal.remove_prefix(end == std::string_view::npos ? journal.size() : end + 1);
      if (line.find(R"("kind":"message.)") == std::string_view::npos
          && line.find(R"("kind":"connection.authenticated")") == std::string_view::npos
          && line.find(R"("kind":"command.refused")") == std::string_view::npos)
        continue;
      look_at(json::parse(line, nullptr, false));
    }
  }

  // "message 3, published by client-1 with routing key 'fib'"
  [[nodiscard]] std::string text_of(std::uint64_t number) const {
    const auto found = texts_.find(number);
    return "message " + std::to_string(number) + (found == texts_.end() ? "" : ", " + found->second);
  }
  [[nodiscard]] const std::vector<std::string>& lost() const { return lost_; }

 private:
  void look_at(const json& event) {
    const auto kind = text_in(event, "kind");
    if (kind == "connection.authenticated") {
      clients_[event.value("connection", std::uint64_t{0})] = text_in(event, "name");
      return;
    }
    if (kind == "command.refused") {
      lost_.push_back("a " + text_in(event, "scope") + " of " + clients_[event.value("connection", std::uint64_t{0})]
                      + " was closed with " + std::to_string(event.value("code", 0)) + ": " + text_in(event, "text"));
      return;
    }
    const auto number = event.value("message", std::uint64_t{0});
    if (kind == "message.published")
      texts_[number] = "published by " + clients_[event.value("connection", std::uint64_t{0})] + destination_of(event)
                       + (waits_for_reply(event) ? ", who waits for the reply" : "");
    else if (kind == "message.dead_letter")
      texts_[number] = "dead letter of message " + std::to_string(event.value("parent", std::uint64_t{0}));
    else if (kind == "message.dropped" || kind == "message.returned")
      lost_.push_back(text_of(number) + ": " + kind.substr(kind.find('.') + 1) + why(event));
  }

  static std::string destination_of(const json& event) {
    const auto exchange = text_in(event, "exchange");
    return (exchange.empty() ? "" : " to exchange " + in_quotes(exchange)) + " with routing key "
           + in_quotes(text_in(event, "routing_key"));
  }
  static bool waits_for_reply(const json& event) {
    const auto properties = event.find("properties");
    return properties != event.end() && properties->contains("reply_to");
  }
  static std::string why(const json& event) {
    const auto queue = text_in(event, "queue");
    const auto reason = text_in(event, "reason");
    return (queue.empty() ? "" : " at queue " + in_quotes(queue)) + (reason.empty() ? "" : " (" + reason + ')');
  }

  std::map<std::uint64_t, std::string> clients_;  // the names of connections
  std::map<std::uint64_t, std::string> texts_;
  std::vector<std::string> lost_;
};

std::string consumers_of(std::uint64_t count) {
  if (count == 0) return "no consumer";
  return count == 1 ? "1 consumer" : std::to_string(count) + " consumers";
}

void append_queue(const std::string& name, const broker::Snapshot::Queue& queue, const Messages& messages,
                  std::string& to) {
  if (queue.ready_count == 0) return;
  to += "  queue " + in_quotes(name) + " has " + std::to_string(queue.ready_count) + " ready and "
        + consumers_of(queue.consumers.size()) + '\n';
  for (std::size_t i = 0; i < queue.ready.size() && i < messages_each_max; ++i)
    to += "    " + messages.text_of(queue.ready[i]) + '\n';
}

void append_connection(const broker::Snapshot::Connection& connection, const Messages& messages, std::string& to) {
  std::size_t listed = 0;
  for (const auto& [number, channel] : connection.channels)
    for (const auto& [tag, delivery] : channel.unacked) {
      if (++listed > messages_each_max) return;
      to += "  " + connection.name + " has not acked " + messages.text_of(delivery.message) + ", from queue "
            + in_quotes(delivery.queue) + '\n';
    }
}

}  // namespace

std::string text_of_standstill(const broker::Snapshot& snapshot, std::string_view journal) {
  const Messages messages{journal};
  std::string text;
  for (const auto& [name, vhost] : snapshot.vhosts)
    for (const auto& [queue_name, queue] : vhost.queues) append_queue(queue_name, queue, messages, text);
  for (const auto& [number, connection] : snapshot.connections) append_connection(connection, messages, text);
  const auto& lost = messages.lost();
  const auto first = lost.size() > messages_each_max ? lost.size() - messages_each_max : 0;
  for (auto i = first; i < lost.size(); ++i) text += "  " + lost[i] + '\n';
  return text.empty() ? "  the broker holds no message, and has dropped none\n" : text;
}

}  // namespace pocketmq::testkit
