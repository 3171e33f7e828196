#include "broker/account/scope_report.hpp"

#include <algorithm>
#include <map>
#include <span>

#include <nlohmann/json.hpp>

#include "broker/account/message_match.hpp"
#include "broker/account/message_story.hpp"
#include "broker/account/near_misses.hpp"
#include "broker/explain/edit_distance.hpp"
#include "broker/request/duration.hpp"
#include "broker/session/broker.hpp"
#include "protocol/base/printable.hpp"

namespace pocketmq::broker {
namespace {

constexpr std::size_t consumers_looked_at_max = 1'000;  // that are looked at
constexpr std::size_t near_misses_max = 3;              // exchanges for which near misses are looked for

std::string were(std::uint64_t count, std::string_view what) {
  return counted(count, what) + (count == 1 ? " was" : " were");
}

std::string exchange_text(const std::string& name) {
  return name.empty() ? "the default exchange" : "exchange " + shown_name(name);
}

class Report {
 public:
  Report(Broker& broker, const Ledger& ledger, std::string_view vhost, const Allowance& allowance)
      : broker_{broker}, ledger_{ledger}, vhost_{vhost}, allowance_{allowance}, stories_{broker, ledger} {}

  [[nodiscard]] ScopeReport make(const std::vector<std::string>& unfired_faults) &&;

 private:
  void add(Finding finding);
  [[nodiscard]] bool is_allowed(FindingKind kind, std::string_view name) const { return allowance_.allows(kind, name); }
  void add_connections(const LedgerScope& scope);
  void add_consumers(const LedgerScope& scope);
  void add_queues(const LedgerScope& scope);
  void add_happened(const LedgerScope& scope);
  void add_happened(Happened what, const std::string& name, const LedgerTally& tally);
  void add_stories(Finding& finding, std::uint64_t all);
  [[nodiscard]] std::string ago(const Moment& moment) const {
    return duration_text(moment.ago(broker_.context().clock()));
  }

  Broker& broker_;
  const Ledger& ledger_;
  const std::string vhost_;
  const Allowance& allowance_;
  const MessageStories stories_;
  ScopeReport report_{};
  std::size_t explained_{0};
};

void Report::add(Finding finding) {
  if (report_.findings.size() < ScopeReport::findings_max)
    report_.findings.push_back(std::move(finding));
  else
    ++report_.findings_left_out;
}

// Below the sentence come the first messages.
void Report::add_stories(Finding& finding, std::uint64_t all) {
  std::uint64_t shown = 0;
  for (const auto number : finding.messages) {
    if (shown == ScopeReport::messages_max) break;
    ++shown;
    const auto* message = ledger_.find(number);
    finding.text +=
        "\n  "
        + (message == nullptr ? "#" + std::to_string(number) + " (removed from the ledger)" : stories_.of(*message));
    const bool wants_near_misses = finding.kind == FindingKind::unroutable || finding.kind == FindingKind::returned;
    if (message == nullptr || !wants_near_misses || explained_++ >= near_misses_max) continue;
    for (const auto& miss : near_misses_of(broker_, *message)) finding.text += "\n     " + miss;
  }
  if (shown < all) finding.text += "\n  and " + std::to_string(all - shown) + " more";
}

// ---- what is left

void Report::add_connections(const LedgerScope& scope) {
  for (const auto number : scope.connections) {
    const auto* connection = ledger_.find_connection(number);
    if (connection == nullptr) continue;
    const auto& name = connection->name;
    if (!is_allowed(FindingKind::connections, name))
      add({.kind = FindingKind::connections,
           .name = name,
           .count = 1,
           .text = "connection " + shown_name(name) + " is still open, for " + ago(connection->since)});
    for (const auto& [channel, held] : connection->channels) {
      const auto on_channel = " on channel " + std::to_string(channel) + " of " + shown_name(name);
      if (!held.unconfirmed.empty() && !is_allowed(FindingKind::unconfirmed, name)) {
        Finding finding{.kind = FindingKind::unconfirmed, .name = name, .count = held.unconfirmed.size()};
        for (const auto& [publish, message] : held.unconfirmed)
          if (finding.messages.size() < LedgerTally::samples_max) finding.messages.push_back(message);
        finding.text = were(finding.count, "publish") + " not confirmed" + on_channel;
        add_stories(finding, finding.count);
        add(std::move(finding));
      }
      if (held.uncommitted.count > 0 && !is_allowed(FindingKind::transactions, name)) {
        Finding finding{.kind = FindingKind::transactions,
                        .name = name,
                        .count = held.uncommitted.count,
                        .messages = held.uncommitted.samples};
        finding.text = "a transaction with " + counted(finding.count, "message") + " is not committed" + on_channel;
        add_stories(finding, finding.count);
        add(std::move(finding));
      }
    }
  }
}

void Report::add_consumers(const LedgerScope&) {
  const auto* vhost = broker_.find_virtual_host(vhost_);
  if (vhost == nullptr) return;
  std::size_t looked_at = 0;
  vhost->for_each_queue([&](const Queue& queue) {
    queue.rotation().for_each([&](const Consumer& consumer) {
      if (++looked_at > consumers_looked_at_max) return;
      const auto name = ledger_.name_of_connection(consumer.channel().connection);
      if (is_allowed(FindingKind::consumers, name)) return;
      add({.kind = FindingKind::consumers,
           .name = name,
           .count = 1,
           .text =
               stories_.who(consumer.channel(), consumer.tag()) + " still consumes from " + shown_name(queue.name())});
    });
  });
}

void Report::add_queues(const LedgerScope& scope) {
  const auto* vhost = broker_.find_virtual_host(vhost_);
  for (const auto& [name, known] : scope.queues) {
    if (!known.unacked.empty() && !is_allowed(FindingKind::unacked, name)) {
      Finding finding{.kind = FindingKind::unacked, .name = name, .count = known.unacked.size()};
      for (auto number = known.unacked.begin();
           number != known.unacked.end() && finding.messages.size() < LedgerTally::samples_max; ++number)
        finding.messages.push_back(*number);
      finding.text = were(finding.count, "message") + " not acked in queue " + shown_name(name);
      add_stories(finding, finding.count);
      add(std::move(finding));
    }
    const auto* queue = vhost == nullptr ? nullptr : vhost->find_queue(name);
    if (queue == nullptr || queue->ready() == 0 || is_allowed(FindingKind::ready, name)) continue;
    Finding finding{.kind = FindingKind::ready, .name = name, .count = queue->ready()};
    queue->ready_messages().for_each([&](const Message& message) {
      finding.messages.push_back(message.number());
      return finding.messages.size() < LedgerTally::samples_max;
    });
    finding.text = counted(finding.count, "message") + (finding.count == 1 ? " is" : " are") + " left in queue "
                   + shown_name(name);
    add_stories(finding, finding.count);
    add(std::move(finding));
  }
}

// ---- what has happened

std::string happened_text(Happened what, const std::string& name, const LedgerTally& tally) {
  const auto n = were(tally.count, "message");
  switch (what) {
    case Happened::unroutable: return n + " dropped, because no queue was found: published to " + exchange_text(name);
    case Happened::returned:
      return n + " returned to the publisher, because no queue was found: published to " + exchange_text(name);
    case Happened::expired:
      return counted(tally.count, "message") + " expired in queue " + shown_name(name)
             + ", which has no dead-letter exchange";
    case Happened::dropped: return n + " dropped from queue " + shown_name(name);
    case Happened::dead_lettered: return n + " dead-lettered from queue " + shown_name(name);
    case Happened::lost:
      return "up to " + counted(tally.count, "message") + " from queue " + shown_name(name)
             + " may be lost: delivered without acks to a client whose connection was lost";
  }
  return {};
}

FindingKind kind_of(Happened what) {
  switch (what) {
    case Happened::unroutable: return FindingKind::unroutable;
    case Happened::returned: return FindingKind::returned;
    case Happened::expired: return FindingKind::expired;
    case Happened::dropped: return FindingKind::dropped;
    case Happened::dead_lettered: return FindingKind::dead_lettered;
    case Happened::lost: return FindingKind::lost;
  }
  return FindingKind::dropped;
}

void Report::add_happened(Happened what, const std::string& name, const LedgerTally& tally) {
  const auto kind = kind_of(what);
  if (is_allowed(kind, name)) return;
  Finding finding{.kind = kind,
                  .name = name,
                  .count = tally.count,
                  .messages = tally.samples,
                  .text = happened_text(what, name, tally)};
  add_stories(finding, tally.count);
  add(std::move(finding));
}

void Report::add_happened(const LedgerScope& scope) {
  for (const auto& [what, tally] : scope.happened) add_happened(what.first, what.second, tally);
}

ScopeReport Report::make(const std::vector<std::string>& unfired_faults) && {
  std::uint64_t published = 0;
  if (const auto* scope = ledger_.find_scope(vhost_)) {
    published = scope->published;
    add_connections(*scope);
    add_consumers(*scope);
    add_queues(*scope);
    add_happened(*scope);
  }
  for (const auto& fault : unfired_faults)
    if (!is_allowed(FindingKind::unfired_fault, fault))
      add({.kind = FindingKind::unfired_fault,
           .name = fault,
           .count = 1,
           .text = "fault " + shown_name(fault) + " never fired: nothing matched what it waits for"});
  std::ranges::stable_sort(report_.findings, {}, &Finding::kind);

  report_.ok = report_.findings.empty();
  const auto who = "scope " + shown_name(vhost_) + ": " + were(published, "message") + " published, and ";
  report_.text = who + (report_.ok ? "nothing was left behind" : "this was left behind or happened unseen:");
  for (const auto& finding : report_.findings) {
    report_.text += "\n  ";
    for (const char letter : finding.text) report_.text += letter == '\n' ? std::string{"\n  "} : std::string{letter};
  }
  if (report_.findings_left_out > 0)
    report_.text += "\n  and " + std::to_string(report_.findings_left_out) + " more findings";
  if (!report_.ok)
    report_.text += "\nWhat is meant to be so can be allowed: \"allow\": {\""
                    + std::string{event::name_of(report_.findings.front().kind)} + "\": ["
                    + nlohmann::ordered_json(protocol::printable(report_.findings.front().name)).dump() + "]}";
  return std::move(report_);
}

}  // namespace

ScopeReport report_on(Broker& broker, const Ledger& ledger, std::string_view vhost, const Allowance& allowance,
                      const std::vector<std::string>& unfired_faults) {
  return Report{broker, ledger, vhost, allowance}.make(unfired_faults);
}

nlohmann::ordered_json json_of(const ScopeReport& report) {
  auto findings = nlohmann::ordered_json::array();
  for (const auto& finding : report.findings)
    findings.push_back({{"kind", event::name_of(finding.kind)},
                        {"name", protocol::printable(finding.name)},
                        {"count", finding.count},
                        {"messages", finding.messages},
                        {"text", finding.text}});
  return {{"ok", report.ok}, {"text", report.text}, {"findings", std::move(findings)}};
}

}  // namespace pocketmq::broker
