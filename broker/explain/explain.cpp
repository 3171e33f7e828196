#include "broker/explain/explain.hpp"

#include <algorithm>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "broker/core/errors.hpp"
#include "broker/explain/edit_distance.hpp"
#include "broker/message/copies.hpp"
#include "broker/message/message.hpp"
#include "broker/vhost/virtual_host.hpp"

namespace pocketmq::broker {
namespace {

using ListedBinding = Explanation::Binding;
using Outcome = Explanation::Outcome;

constexpr std::string_view direct_reply_prefix = "amq.rabbitmq.reply-to.";

// The message that a publisher would make of the request.
Message message_of(const ExplainRequest& request) {
  const protocol::FieldTable headers{request.headers};
  std::string encoded;
  protocol::encode({.headers = headers.empty() ? std::nullopt : std::optional{headers}}, encoded);
  protocol::Content content{.properties = protocol::Properties{encoded}};
  const auto blind_copies = find_blind_copies(content.properties);
  if (!blind_copies) return {request.exchange, request.routing_key, content, std::nullopt};
  const auto visible = without_blind_copies(content.properties);
  content.properties = protocol::Properties{visible};
  return {request.exchange, request.routing_key, content, std::nullopt, blind_copies->bytes};
}

ListedBinding listed(const broker::Binding& binding) {
  return {.binding_key = binding.routing_key,
          .arguments = binding.arguments,
          .to = binding.destination.name(),
          .to_is = binding.destination.target()};
}

auto order(const ListedBinding& binding) {
  return std::tuple{!binding.matches, binding.miss.distance, std::string_view{binding.binding_key},
                    std::string_view{binding.to}, binding.to_is};
}

bool is_nearer(const ListedBinding& a, const ListedBinding& b) { return order(a) < order(b); }

// Keeps only the first ones of very many.
void add_bounded(std::vector<ListedBinding>& bindings, ListedBinding binding) {
  constexpr auto max = ExplainLimits::bindings_of_a_step_max;
  if (bindings.size() == max && !is_nearer(binding, bindings.back())) return;
  bindings.insert(std::ranges::upper_bound(bindings, binding, is_nearer), std::move(binding));
  if (bindings.size() > max) bindings.pop_back();
}

class Explainer final : private RouteListener {
 public:
  Explainer(VirtualHost& virtual_host, const ExplainRequest& request, Explanation& to)
      : virtual_host_{virtual_host}, request_{request}, to_{to} {
    budget_.grant(ExplainLimits::steps);
  }

  void explain() {
    to_.exchange = request_.exchange;
    to_.routing_key = request_.routing_key;
    auto* const exchange = virtual_host_.find_exchange(request_.exchange);
    if (exchange == nullptr) return refuse_unknown_exchange();
    to_.type = exchange->declaration().type;
    if (exchange->declaration().internal)
      return refuse("exchange " + shown_name(request_.exchange)
                    + " is internal: only bindings from other exchanges lead to it (403)");
    try {
      message_ = message_of(request_);
    } catch (const ChannelError& error) {
      return refuse(error.what());
    }
    search(*exchange);
    look_at_misses();
    choose_nearest();
  }
  [[nodiscard]] std::size_t used() const { return static_cast<std::size_t>(ExplainLimits::steps - budget_.left()); }

 private:
  // An exchange on the way, with what the search has found there.
  struct Visit {
    const Exchange* exchange;
    std::unordered_map<const broker::Binding*, std::string> matches{};  // with the key that matches
  };

  void refuse(std::string why) {
    to_.outcome = Outcome::refused;
    to_.refusal = std::move(why);
  }

  void refuse_unknown_exchange() {
    refuse("there is no exchange " + shown_name(request_.exchange) + " (404)");
    std::vector<std::string> names;
    virtual_host_.for_each_exchange([&](const Exchange& exchange) {
      budget_.use(steps::for_a_routing_key);
      if (!exchange.name().empty()) names.push_back(exchange.name());
    });
    budget_.use(names.size());
    for (auto& name : nearest_names(request_.exchange, names, ExplainLimits::nearest_max)) {
      auto miss = name_miss(request_.exchange, name, budget_);
      to_.nearest.push_back(
          {.binding = {.to = std::move(name), .to_is = event::Target::exchange, .miss = std::move(miss)}});
    }
  }

  void search(Exchange& first) {
    add_visit(first);
    const auto routing = virtual_host_.dry_run(first, message_, budget_, *this);
    to_.queue_count = routing->queues().size();
    for (const auto* queue : routing->queues()) {
      if (to_.queues.size() == ExplainLimits::queues_max) break;
      to_.queues.push_back(queue->name());
    }
    std::ranges::sort(to_.queues);
    to_.outcome = to_.queue_count > 0 ? Outcome::routed : Outcome::unroutable;
    if (routing->is_finished()) return;
    to_.outcome = Outcome::unfinished;
    to_.notes.emplace_back("the search was stopped, because so many bindings match: there are more queues");
  }

  // ---- what the search tells

  void on_binding(const Exchange& from, std::string_view key, const broker::Binding& binding) override {
    if (binding.destination.target() == event::Target::exchange)
      if (const auto* to = virtual_host_.find_exchange(binding.destination.name())) add_visit(*to);
    auto [visit, step] = visit_of(from);
    if (!visit.matches.emplace(&binding, key).second) return;
    ++step.match_count;
    if (step.match_count > ExplainLimits::bindings_of_a_step_max) return;
    auto match = listed(binding);
    match.matches = true;
    match.key = key;
    add_bounded(step.bindings, std::move(match));
  }
  void on_queue_name(const Exchange& from, std::string_view key, const Queue& queue) override {
    auto& step = visit_of(from).step;
    ++step.match_count;
    add_bounded(step.bindings, {.binding_key = queue.name(),
                                .to = queue.name(),
                                .to_is = event::Target::queue,
                                .matches = true,
                                .key = std::string{key}});
  }
  void on_alternate(const Exchange& from, const Exchange& alternate) override {
    visit_of(from).step.goes_to_alternate = true;
    add_visit(alternate);
  }

  // The references are valid until the next exchange is added.
  struct Visited {
    Visit& visit;
    Explanation::Step& step;
  };
  [[nodiscard]] Visited visit_of(const Exchange& exchange) {
    const auto index = index_.at(&exchange);
    return {visits_[index], to_.steps[index]};
  }
  void add_visit(const Exchange& exchange) {
    budget_.use(steps::for_a_binding);
    if (!index_.emplace(&exchange, visits_.size()).second) return;
    visits_.push_back({.exchange = &exchange});
    to_.steps.push_back({.exchange = exchange.name(),
                         .type = exchange.declaration().type,
                         .binding_count = exchange.bindings().size(),
                         .alternate = exchange.alternate()});
  }

  // ---- bindings that do not match

  void look_at_misses() {
    message_.append_routing_keys(keys_);
    if (keys_.size() > 1) {
      std::ranges::sort(keys_);
      keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
    }
    read_headers();
    for (std::size_t i = 0; i < visits_.size() && i < ExplainLimits::exchanges_max; ++i)
      look_at_misses_of(visits_[i], to_.steps[i]);
    if (to_.steps.size() <= ExplainLimits::exchanges_max) return;
    to_.notes.push_back("only the first " + std::to_string(ExplainLimits::exchanges_max) + " of "
                        + std::to_string(to_.steps.size()) + " exchanges on the way are shown");
    to_.steps.resize(ExplainLimits::exchanges_max);
  }

  void read_headers() {
    const auto headers = message_.properties().headers().value_or(protocol::FieldTable{});
    facts_.begin(headers);
    facts_are_read_ = facts_.read_on(budget_);
  }

  void look_at_misses_of(Visit& visit, Explanation::Step& step) {
    const auto& exchange = *visit.exchange;
    if (exchange.name().empty()) return look_at_queue_names(step);
    if (to_.outcome == Outcome::unfinished || !facts_are_read_) return;
    std::size_t looked_at = 0;
    for (const auto* binding : exchange.bindings()) {
      if (budget_.is_used_up()) break;
      ++looked_at;
      budget_.use(steps::for_a_binding);
      if (visit.matches.contains(binding) || binding->destination.deleted()) continue;
      auto missed = listed(*binding);
      set_miss(missed, step.type);
      add_bounded(step.bindings, std::move(missed));
    }
    if (looked_at < step.binding_count)
      note_unread(step.binding_count - looked_at, "bindings of exchange " + shown_name(exchange.name())
                                                      + " were not looked at, because there are so many");
  }

  void note_unread(std::size_t count, const std::string& what) {
    to_.notes.push_back(std::to_string(count) + " " + what);
  }

  void look_at_queue_names(Explanation::Step& step) {
    step.binding_count = virtual_host_.queue_count();
    std::size_t unread = 0;
    virtual_host_.for_each_queue([&](const Queue& queue) {
      if (budget_.is_used_up()) return static_cast<void>(++unread);
      budget_.use(steps::for_a_routing_key);
      ListedBinding binding{.binding_key = queue.name(), .to = queue.name(), .to_is = event::Target::queue};
      set_miss(binding, step.type);
      const auto& distance = binding.miss.distance;
      // Others are nothing to do with the message.
      if (distance.first > 0 && distance.first <= slip_max(queue.name(), nearest_key_))
        add_bounded(step.bindings, binding);
    });
    if (unread > 0) note_unread(unread, "names of queues were not compared, because there are so many");
  }

  // The miss of that one of the message's keys that comes nearest.
  void set_miss(ListedBinding& binding, std::string_view type) {
    if (type == "headers") {
      const auto headers = message_.properties().headers().value_or(protocol::FieldTable{});
      binding.miss = headers_miss(headers, facts_, protocol::FieldTable{binding.arguments}, budget_);
      return;
    }
    for (bool is_first = true; const auto key : keys_) {
      auto miss = type == "topic" ? topic_miss(key, binding.binding_key, budget_) : direct_miss(key, binding);
      if (std::exchange(is_first, false) || miss.distance < binding.miss.distance) {
        binding.miss = std::move(miss);
        nearest_key_ = key;
      }
      if (budget_.is_used_up()) break;
    }
    if (keys_.size() > 1) binding.key = nearest_key_;
  }

  // A pattern in a binding from a direct exchange is a common mistake.
  Miss direct_miss(std::string_view key, const ListedBinding& binding) {
    auto miss = name_miss(key, binding.binding_key, budget_);
    const bool looks_like_pattern = binding.binding_key.find_first_of("*#") != std::string::npos;
    if (looks_like_pattern && topic_miss(key, binding.binding_key, budget_).distance.first == 0)
      miss = {.distance = {.first = 1},
              .why = shown_name(binding.binding_key) + " is compared letter by letter, because the exchange is direct; "
                     "patterns with * and # need a topic exchange"};
    return miss;
  }

  void choose_nearest() {
    if (request_.exchange.empty() && request_.routing_key.starts_with(direct_reply_prefix))
      to_.notes.emplace_back("the key is the address of a direct reply, which goes to its requester and to no queue");
    for (const auto& step : to_.steps) {
      if (step.binding_count == 0 && !step.exchange.empty())
        to_.notes.push_back("exchange " + shown_name(step.exchange) + " has no bindings");
      if (step.alternate && step.match_count == 0 && !step.goes_to_alternate
          && virtual_host_.find_exchange(*step.alternate) == nullptr)
        to_.notes.push_back("exchange " + shown_name(step.exchange) + " has the alternate exchange "
                            + shown_name(*step.alternate) + ", which does not exist");
      for (const auto& binding : step.bindings)
        if (!binding.matches) to_.nearest.push_back({step.exchange, binding});
    }
    std::ranges::stable_sort(to_.nearest, [](const auto& a, const auto& b) { return is_nearer(a.binding, b.binding); });
    to_.nearest.resize(std::min(to_.nearest.size(), ExplainLimits::nearest_max));
  }

  VirtualHost& virtual_host_;
  const ExplainRequest& request_;
  Explanation& to_;
  Budget budget_;
  Message message_;
  std::vector<std::string_view> keys_;
  std::string_view nearest_key_;  // of the last binding
  HeaderFacts facts_;
  bool facts_are_read_{false};
  std::vector<Visit> visits_;  // in the order of to_.steps
  std::unordered_map<const Exchange*, std::size_t> index_;
};

}  // namespace

Explanation explain(VirtualHost& virtual_host, const ExplainRequest& request, Budget& budget) {
  Explanation explanation;
  Explainer explainer{virtual_host, request, explanation};
  explainer.explain();
  budget.use(explainer.used());
  return explanation;
}

}  // namespace pocketmq::broker
