// A world whose broker has faults.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "broker/control/faults.hpp"
#include "broker/control/pause.hpp"
#include "broker/session/broker.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {

namespace fault = broker::fault;
using broker::TextMatch;

struct FaultyWorld {
  explicit FaultyWorld(WorldSetup setup = {}) : world{std::move(setup)} {}

  /// A rule about that method, and about what else is said.
  broker::FaultReport add(broker::FaultRule rule) { return faults.report(faults.add(std::move(rule))); }
  [[nodiscard]] broker::FaultReport only() const { return faults.reports().at(0); }
  /// How often the first rule has fired.
  [[nodiscard]] std::uint64_t fired() const { return only().fired_count; }
  [[nodiscard]] std::string could_not() const {
    const auto report = only();
    return report.could_not.empty() ? "" : report.could_not.front().text;
  }

  World world;
  broker::Pause pause{world.broker()};
  broker::Faults faults{world.broker()};
};

/// The kinds of events, with their reasons, that are told from its making on.
class Kinds {
 public:
  explicit Kinds(broker::Broker& broker)
      : subscription_{broker.journal().subscribe([this](const broker::Entry& entry) { hear(entry); })} {}
  [[nodiscard]] std::string text() const {
    std::string text;
    for (const auto& kind : kinds_) text += (text.empty() ? "" : ", ") + kind;
    return text;
  }

 private:
  void hear(const broker::Entry& entry) {
    kinds_.emplace_back(entry.kind().name);
    if (const auto* dropped = entry.find<broker::event::MessageDropped>())
      kinds_.back() += " " + std::string{broker::event::name_of(dropped->reason)};
    if (const auto* requeued = entry.find<broker::event::MessageRequeued>())
      kinds_.back() += " " + std::string{broker::event::name_of(requeued->reason)};
  }

  std::vector<std::string> kinds_;
  broker::Subscription subscription_;
};

}  // namespace pocketmq::tests
