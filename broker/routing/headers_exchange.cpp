#include "broker/routing/headers_exchange.hpp"

#include <algorithm>
#include <array>

#include "broker/core/errors.hpp"
#include "broker/core/redeclaration.hpp"
#include "broker/message/message.hpp"
#include "broker/routing/routing.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::string_view match_argument = "x-match";
constexpr std::string_view reserved_prefix = "x-";
constexpr std::string_view always_true{};  // an empty fact, which is always true

struct Match {
  std::string_view name;
  bool any;
  bool with_x;
};

constexpr std::array matches{Match{"all", false, false}, Match{"any", true, false}, Match{"all-with-x", false, true},
                             Match{"any-with-x", true, true}};

const Match* find_match(protocol::FieldTable arguments) {
  const auto given = arguments.find(match_argument);
  if (!given) return &matches.front();
  const auto* found = std::ranges::find(matches, given->string(), &Match::name);
  return found == matches.end() ? nullptr : found;
}

}  // namespace

WantedHeaders wanted_headers(protocol::FieldTable arguments) {
  const auto& match = *find_match(arguments);
  WantedHeaders wanted{.match = match.name, .any = match.any};
  for (auto reader = arguments.fields(); const auto argument = reader.next();) {
    if (argument->name == match_argument || (!match.with_x && argument->name.starts_with(reserved_prefix))) continue;
    wanted.headers.push_back(*argument);
  }
  return wanted;
}

std::string wanted_fact(const protocol::Field& wanted) {
  return wanted.value.type == 'V' ? fact_of_presence(wanted.name) : fact_of_value(wanted);
}

void HeadersExchange::check_binding(protocol::FieldTable arguments) const {
  if (find_match(arguments) != nullptr) return;
  const auto given = *arguments.find(match_argument);
  if (given.string())
    throw ChannelError{ReplyCode::precondition_failed, "Invalid x-match field value " + shown(given)
                                                           + "; expected all, any, all-with-x, or any-with-x"};
  throw ChannelError{ReplyCode::precondition_failed, "Invalid x-match field type " + std::string{type_name(given.type)}
                                                         + " (value " + shown_plainly(given).value_or(shown(given))
                                                         + "); expected longstr"};
}

void HeadersExchange::add(Binding& binding, Budget& budget) {
  budget.use(steps::for_required_headers(binding.arguments.size()));
  const auto wanted = wanted_headers(protocol::FieldTable{binding.arguments});
  auto& requirement = requirements_.add(&binding, Requirement{.binding = binding, .any = wanted.any}).second;
  for (const auto& header : wanted.headers) requirement.facts.push_back(wanted_fact(header));
  if (wanted.any)
    for (const auto& fact : requirement.facts) file_under(fact, requirement);
  else
    file_under(requirement.facts.empty() ? always_true : rarest(requirement.facts), requirement);
  bytes_ += bytes_of(requirement);
}

// A short fact may take much more memory than the argument that asks for it.
std::size_t HeadersExchange::bytes_of(const Requirement& requirement) {
  constexpr std::size_t requirement_bytes = 192, fact_bytes = 64, filing_bytes = 192;
  auto bytes = requirement_bytes + fact_bytes * requirement.facts.size() + filing_bytes * requirement.filings.size();
  for (const auto& fact : requirement.facts) bytes += fact.size();
  for (const auto& filing : requirement.filings) bytes += filing.fact.size();
  return bytes;
}

const std::string& HeadersExchange::rarest(const std::vector<std::string>& facts) const {
  return *std::ranges::min_element(facts, {}, [&](const std::string& fact) {
    const auto* found = by_fact_.find(fact);
    return found == nullptr ? 0 : found->second.size();
  });
}

void HeadersExchange::file_under(std::string_view fact, Requirement& requirement) {
  auto* found = by_fact_.find(fact);
  if (found == nullptr) found = &by_fact_.add(fact, Entries{});
  auto& entries = found->second;
  requirement.filings.push_back({.fact = found->first, .index = entries.size()});
  entries.push_back({&requirement, requirement.filings.size() - 1});
}

void HeadersExchange::remove(Binding& binding, Budget& budget) {
  budget.use(steps::for_required_headers(binding.arguments.size()));
  const auto& requirement = requirements_.find(&binding)->second;
  bytes_ -= bytes_of(requirement);
  for (const auto& [fact, index] : requirement.filings) {
    auto& entries = by_fact_.find(fact)->second;
    entries[index] = entries.back();  // the last one moves into the gap
    entries[index].requirement->filings[entries[index].filing].index = index;
    entries.pop_back();
    if (entries.empty()) by_fact_.erase(fact);
  }
  requirements_.erase(&binding);
}

bool HeadersExchange::route(const Message&, Routing& routing) const {
  static const Entries none;
  if (!routing.read_headers()) return false;
  const auto& facts = routing.header_facts();
  // After the message's facts comes the empty one.
  for (auto& fact = routing.counter(); fact <= facts.size(); ++fact) {
    if (routing.budget().is_used_up()) return false;
    routing.budget().use(steps::for_a_header);
    const auto* found = by_fact_.find(fact == facts.size() ? always_true : facts[fact]);
    const auto& entries = found == nullptr ? none : found->second;
    if (!routing.bindings_left().each(entries.size(), routing,
                                      [&](std::size_t i) { route_if_met(*entries[i].requirement, routing); }))
      return false;
  }
  return true;
}

// The message has a fact under which the binding is filed.
void HeadersExchange::route_if_met(const Requirement& requirement, Routing& routing) {
  routing.budget().use(steps::for_a_binding);
  const auto holds = [&](const std::string& wanted) {
    routing.budget().use(steps::for_a_required_header);
    return routing.header_facts().contain(wanted);
  };
  if (requirement.any || std::ranges::all_of(requirement.facts, holds)) routing.add_destination_of(requirement.binding);
}

}  // namespace pocketmq::broker
