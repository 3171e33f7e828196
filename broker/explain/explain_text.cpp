#include <algorithm>

#include "broker/explain/edit_distance.hpp"
#include "broker/explain/explain.hpp"
#include "protocol/base/printable.hpp"
#include "protocol/codec/trace.hpp"

namespace pocketmq::broker {
namespace {

using ExplainedAs = Explanation::Outcome;

constexpr std::string_view indent = "   ";
constexpr std::size_t queues_in_headline_max = 5;
constexpr std::size_t matches_shown_max = 10;

std::string exchange_text(const Explanation& e) {
  if (e.exchange.empty()) return "the default exchange";
  return "exchange " + shown_name(e.exchange) + (e.type.empty() ? "" : " (" + e.type + ")");
}

std::string queues_text(const Explanation& e) {
  std::string text = e.queue_count == 1 ? "goes to queue " : "goes to " + std::to_string(e.queue_count) + " queues: ";
  const auto shown = std::min(e.queues.size(), queues_in_headline_max);
  for (std::size_t i = 0; i < shown; ++i) text += (i == 0 ? "" : ", ") + shown_name(e.queues[i]);
  if (shown < e.queue_count) text += " and " + std::to_string(e.queue_count - shown) + " more";
  return text;
}

std::string outcome_text(const Explanation& e) {
  switch (e.outcome) {
    case ExplainedAs::refused: return e.refusal;
    case ExplainedAs::routed: return queues_text(e);
    case ExplainedAs::unfinished: return "the search was not finished; so far it " + queues_text(e);
    case ExplainedAs::unroutable: break;
  }
  if (e.exchange.empty()) return "there is no queue " + shown_name(e.routing_key);
  const auto matches = e.steps.empty() ? 0 : e.steps.front().match_count;
  if (matches > 0)
    return std::to_string(matches)
           + (matches == 1 ? " binding matched, but it leads" : " bindings matched, but they lead") + " to no queue";
  if (e.steps.size() > 1) return "no binding matched, and the alternate exchange leads to no queue";
  return "no binding matched";
}

std::string binding_text(const std::string& exchange, const Explanation::Binding& binding) {
  const auto is_queue = binding.to_is == event::Target::queue;
  const auto to = (is_queue ? "queue " : "exchange ") + shown_name(binding.to);
  if (exchange.empty()) return to;
  return shown_name(binding.binding_key) + " -> " + to;
}

void add_line(std::string& text, const std::string& line) { (text += '\n').append(indent).append(line); }

void add_matches(const Explanation::Step& step, std::string& text) {
  std::size_t shown = 0;
  for (const auto& binding : step.bindings) {
    if (!binding.matches || shown == matches_shown_max) break;
    ++shown;
    add_line(text, "matched: " + (step.exchange.empty() ? "" : "exchange " + shown_name(step.exchange) + ": ")
                       + binding_text(step.exchange, binding)
                       + (binding.key.empty() ? "" : " (by the key " + shown_name(binding.key) + ")"));
  }
  if (shown < step.match_count) add_line(text, std::to_string(step.match_count - shown) + " more matched");
  if (step.goes_to_alternate)
    add_line(text, "exchange " + shown_name(step.exchange) + " matched nothing: on to its alternate exchange "
                       + shown_name(*step.alternate));
}

}  // namespace

std::vector<std::string> nearest_lines_of(const Explanation& explanation) {
  std::vector<std::string> lines;
  for (const auto& [exchange, binding] : explanation.nearest) {
    const bool is_elsewhere = explanation.outcome != ExplainedAs::refused && exchange != explanation.exchange;
    lines.push_back("nearest: " + (is_elsewhere ? "exchange " + shown_name(exchange) + ": " : "")
                    + binding_text(explanation.outcome == ExplainedAs::refused ? "" : exchange, binding) + ": "
                    + binding.miss.why + (binding.key.empty() ? "" : " (of the key " + shown_name(binding.key) + ")"));
  }
  return lines;
}

std::string text_of(const Explanation& explanation) {
  auto text = protocol::trace_word(explanation.routing_key) + " to " + exchange_text(explanation) + ": "
              + outcome_text(explanation);
  for (const auto& step : explanation.steps) add_matches(step, text);
  for (const auto& line : nearest_lines_of(explanation)) add_line(text, line);
  for (const auto& note : explanation.notes) add_line(text, note);
  return text;
}

}  // namespace pocketmq::broker
