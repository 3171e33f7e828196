#include "broker/headers_exchange.hpp"

#include <algorithm>
#include <array>

#include "broker/errors.hpp"
#include "broker/message.hpp"
#include "broker/redeclaration.hpp"
#include "broker/router.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::string_view match_argument = "x-match";
constexpr std::string_view reserved_prefix = "x-";
constexpr std::string_view nothing{};  // the fact that is always true

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

std::vector<std::string> wanted_facts(protocol::FieldTable arguments, bool with_x) {
  std::vector<std::string> facts;
  for (auto reader = arguments.fields(); const auto argument = reader.next();) {
    if (argument->name == match_argument || (!with_x && argument->name.starts_with(reserved_prefix))) continue;
    facts.push_back(argument->value.type == 'V' ? fact_of_presence(argument->name) : fact_of_value(*argument));
  }
  return facts;
}

}  // namespace

void HeadersExchange::check_binding(protocol::FieldTable arguments) const {
  if (find_match(arguments) != nullptr) return;
  const auto given = *arguments.find(match_argument);
  if (given.string())
    throw ChannelError{ReplyCode::precondition_failed, "Invalid x-match field value " + shown(given)
                                                           + "; expected all, any, all-with-x, or any-with-x"};
  const auto number = given.integer();
  throw ChannelError{ReplyCode::precondition_failed,
                     "Invalid x-match field type " + std::string{type_name(given.type)} + " (value "
                         + (number ? std::to_string(*number) : shown(given)) + "); expected longstr"};
}

void HeadersExchange::add(Binding& binding) {
  const protocol::FieldTable arguments{binding.arguments};
  const auto& match = *find_match(arguments);
  auto& wish = wishes_.emplace(&binding, Wish{.destination = binding.destination, .any = match.any}).first->second;
  wish.facts = wanted_facts(arguments, match.with_x);
  if (match.any)
    for (const auto& fact : wish.facts) keep(wish, fact);
  else
    keep(wish, wish.facts.empty() ? nothing : rarest(wish.facts));
  bytes_ += bytes_of(wish);
}

// A short fact may take very much more than the argument that asks for it.
std::size_t HeadersExchange::bytes_of(const Wish& wish) {
  constexpr std::size_t wish_bytes = 192, fact_bytes = 64, place_bytes = 192;
  auto bytes = wish_bytes + fact_bytes * wish.facts.size() + place_bytes * wish.places.size();
  for (const auto& fact : wish.facts) bytes += fact.size();
  for (const auto& place : wish.places) bytes += place.fact.size();
  return bytes;
}

const std::string& HeadersExchange::rarest(const std::vector<std::string>& facts) const {
  return *std::ranges::min_element(facts, {}, [&](const std::string& fact) {
    const auto found = by_fact_.find(fact);
    return found == by_fact_.end() ? 0 : found->second.size();
  });
}

void HeadersExchange::keep(Wish& wish, std::string_view fact) {
  auto found = by_fact_.find(fact);
  if (found == by_fact_.end()) found = by_fact_.emplace(fact, Wishes{}).first;
  wish.places.push_back({.fact = found->first, .at = found->second.insert(found->second.end(), &wish)});
}

void HeadersExchange::remove(Binding& binding) {
  const auto wish = wishes_.find(&binding);
  bytes_ -= bytes_of(wish->second);
  for (const auto& [fact, at] : wish->second.places) {
    const auto found = by_fact_.find(fact);
    found->second.erase(at);
    if (found->second.empty()) by_fact_.erase(found);
  }
  wishes_.erase(wish);
}

void HeadersExchange::route(const Message& message, Router& router) const {
  facts_.read(message.properties().headers().value_or(protocol::FieldTable{}));
  grant(nothing, router);
  for (const auto fact : facts_) grant(fact, router);
}

// The wishes that are kept under a fact, now that it is true.
void HeadersExchange::grant(std::string_view fact, Router& router) const {
  const auto found = by_fact_.find(fact);
  if (found == by_fact_.end()) return;
  const auto holds = [&](const std::string& wanted) { return facts_.contain(wanted); };
  for (const auto* wish : found->second)
    if (wish->any || std::ranges::all_of(wish->facts, holds)) router.reach(wish->destination);
}

}  // namespace pocketmq::broker
