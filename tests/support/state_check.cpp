#include "tests/support/state_check.hpp"

#include <stdexcept>

#include "broker/journal/broker_snapshot.hpp"

namespace pocketmq::tests {

StateCheck::StateCheck(broker::Broker& broker) : broker_{broker} {
  auto& journal = broker.journal();
  if (!journal.keeps_events()) throw std::logic_error{"the broker has not kept its first events"};
  subscription_ = journal.subscribe([this](const broker::Entry& entry) { state_.apply(entry); }, {.since = 1});
  journal.keep_last(0);
}

std::string StateCheck::seen() const { return to_json(snapshot_of(broker_)); }

}  // namespace pocketmq::tests
