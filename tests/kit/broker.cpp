#include "tests/kit/broker.hpp"

#include "broker/session/broker.hpp"
#include "tests/kit/tested_broker.hpp"

namespace pocketmq::testkit {
namespace {

constexpr std::size_t journal_bytes = 16 << 20;

broker::Options with_journal(broker::Options options) {
  if (options.journal_bytes == 0) options.journal_bytes = journal_bytes;
  return options;
}

Restarted::Content content_of(const broker::Restart::Content& content) {
  return {content.queues, content.exchanges, content.bindings, content.messages};
}

}  // namespace

TestedBroker::TestedBroker(broker::Options options) : embedded_{with_journal(std::move(options))} {
  embedded_.inspect([this](broker::Broker& broker) { testbed_.emplace(broker); });
}

TestedBroker::~TestedBroker() {
  embedded_.inspect([this](broker::Broker&) { testbed_.reset(); });
}

Broker::Broker(broker::Options options) : broker_{std::make_shared<TestedBroker>(std::move(options))} {}

Broker::~Broker() = default;

Scope Broker::scope(std::string_view name, broker::Allowance allowance) {
  auto id =
      broker_->inspect([&](broker::Testbed& testbed) { return testbed.scopes().add(name, std::move(allowance)).id; });
  return {broker_, std::move(id)};
}

std::uint16_t Broker::port() const { return broker_->embedded().port(); }

std::string Broker::url() const { return broker_->embedded().url(protocol::Encoding::amqp); }

void Broker::freeze_clock() { broker_->embedded().freeze_clock(); }

void Broker::run_clock() { broker_->embedded().run_clock(); }

void Broker::advance(std::chrono::nanoseconds time) { broker_->embedded().advance_clock(time); }

Restarted Broker::restart() {
  const auto [kept, lost] = broker_->wait<broker::Restart::Result>(
      [](broker::Testbed& testbed, auto done) { testbed.restart().restart({}, std::move(done)); });
  return {content_of(kept), content_of(lost)};
}

void Broker::run(const std::function<void(broker::Testbed&)>& look) { broker_->inspect(look); }

}  // namespace pocketmq::testkit
