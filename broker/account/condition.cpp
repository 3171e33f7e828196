#include "broker/account/condition.hpp"

#include "broker/request/duration.hpp"

namespace pocketmq::broker {
namespace {

std::string text_of(const MessageCondition& c) {
  return (c.count == 1 ? "a message" : std::to_string(c.count) + " messages") + c.match.text();
}

void append(const std::optional<WantedNumber>& wanted, std::string_view what, std::string& to, bool& is_first) {
  if (!wanted) return;
  to += (is_first ? " with " : " and ") + wanted->text() + " " + std::string{what};
  is_first = false;
}

std::string text_of(const QueueCondition& c) {
  auto text = "queue '" + c.name + "'";
  bool is_first = true;
  append(c.ready, "ready", text, is_first);
  append(c.unacked, "unacked", text, is_first);
  append(c.consumers, "consumers", text, is_first);
  return text;
}

std::string text_of(const ConnectionsCondition& c) {
  return c.count.text() + " open connections" + (c.name ? " of name " + c.name->text() : "");
}

std::string text_of(const DrainedCondition& c) {
  std::string text{"drained"};
  for (const auto& queue : c.rests_in) text += (&queue == &c.rests_in.front() ? " but for '" : "', '") + queue;
  return c.rests_in.empty() ? text : text + "'";
}

std::string text_of(const QuietCondition& c) { return "quiet for " + duration_text(c.time); }

}  // namespace

std::string text_of(const Condition& condition) {
  return std::visit([](const auto& c) { return text_of(c); }, condition);
}

}  // namespace pocketmq::broker
