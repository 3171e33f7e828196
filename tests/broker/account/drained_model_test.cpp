// Random programs: a scope is told to be drained never too early and never too late, and never to be beyond that while
// it is not. What is drained is computed from
// the journal by JournalState, which shares no code with the ledger.
#include <random>

#include "broker/journal/journal_state.hpp"
#include "tests/support/ledger_world.hpp"
#include "tests/support/state_check.hpp"

namespace pocketmq::tests {
namespace {

using ModelArguments = protocol::FieldTableWriter;
using broker::DrainedCondition;

bool is_drained(const broker::JournalState& state, const std::set<std::string>& rests_in) {
  const auto snapshot = state.snapshot();
  std::set<std::uint64_t> at_rest;
  for (const auto& [name, vhost] : snapshot.vhosts)
    for (const auto& [queue_name, queue] : vhost.queues) {
      if (queue.unacked > 0) return false;
      if (queue.ready_count > 0 && !rests_in.contains(queue_name)) return false;
      at_rest.insert(queue.ready.begin(), queue.ready.end());
    }
  // A message that has not ended and is not at rest is on its way, in a transaction, or in a deleted queue.
  return state.message_count() == at_rest.size();
}

class RandomProgram {
 public:
  explicit RandomProgram(std::uint32_t seed)
      : random_{seed},
        may_be_lost_{seed % 2 == 0},
        turns_are_postponed_{seed % 3 == 0},
        clients_{connect(), connect(), connect()} {
    if (turns_are_postponed_) ledgers_.world.postpone_turns();
    for (int queue = 0; queue < queues; ++queue) declare(queue);
    for (const auto* queue : {"q0", "q1"}) clients_[0].sends(queue::Bind{.queue = queue, .exchange = "amq.fanout"});
  }

  void step() {
    auto awaited = await();
    auto rests = await({"q0", "dead"});
    for (int acts = up_to(turns_are_postponed_ ? 4 : 0); acts >= 0; --acts) act();
    settled(awaited, {});
    settled(rests, {"q0", "dead"});
  }
  /// All clients go, most of them properly. If the broker then says that the scope cannot become drained, it does not,
  /// however far the clock is set ahead.
  void finish() {
    bool cannot_hold = false;
    ledgers_.awaits.add({.condition = DrainedCondition{.count = 0}, .scope = "/", .within = 1h},
                        [&](const broker::AwaitOutcome& outcome) {
                          if (outcome.is == broker::AwaitOutcome::Is::holds) CHECK(is_drained(state(), {}));
                          cannot_hold = outcome.is == broker::AwaitOutcome::Is::cannot_hold;
                        });
    for (auto& client : clients_) {
      if (up_to(20) == 0)
        client.vanishes();
      else
        client.on_channel(0).sends(connection::Close{});
      ledgers_.world.take_turns();
    }
    if (!cannot_hold) {
      ledgers_.advance(59min);
      return;
    }
    ++times_stuck_;
    ledgers_.world.advance(24h);
    ledgers_.world.take_turns();
    CHECK_FALSE(is_drained(state(), {}));
  }
  [[nodiscard]] int times_stuck() const { return times_stuck_; }
  [[nodiscard]] int times_drained() const { return times_drained_; }
  [[nodiscard]] int times_not() const { return times_not_; }

 private:
  static constexpr int queues = 5;

  struct Asked {
    std::uint64_t number;
    std::shared_ptr<bool> was_told{std::make_shared<bool>(false)};
  };

  [[nodiscard]] const broker::JournalState& state() const { return ledgers_.world.state_check().state(); }
  [[nodiscard]] int up_to(int max) { return std::uniform_int_distribution<int>{0, max}(random_); }
  [[nodiscard]] std::string any_queue() { return up_to(8) == 0 ? "dead" : "q" + std::to_string(up_to(queues - 1)); }
  [[nodiscard]] Client& any_client() { return clients_[static_cast<std::size_t>(up_to(2))]; }
  [[nodiscard]] Client connect() { return ledgers_.world.connect().opens_channel(2).selects_tx().on_channel(1); }

  Asked await(std::vector<std::string> rests_in = {}) {
    Asked asked{};
    const std::set<std::string> names{rests_in.begin(), rests_in.end()};
    asked.number = ledgers_.awaits.add(
        {.condition = DrainedCondition{.rests_in = std::move(rests_in), .count = 0}, .scope = "/", .within = 1h},
        [this, names, told = asked.was_told](const broker::AwaitOutcome& outcome) {
          *told = true;
          if (outcome.is == broker::AwaitOutcome::Is::holds) CHECK(is_drained(state(), names));
        });
    return asked;
  }
  void settled(const Asked& asked, const std::set<std::string>& rests_in) {
    ledgers_.world.take_turns();
    const auto drained = is_drained(state(), rests_in);
    ++(drained ? times_drained_ : times_not_);
    if (drained) CHECK(*asked.was_told);
    ledgers_.awaits.cancel(asked.number);
  }

  void declare(int number) {
    ModelArguments arguments;
    if (number == 1 || number == 3)
      arguments.string("x-dead-letter-exchange", "").string("x-dead-letter-routing-key", number == 1 ? "dead" : "q2");
    if (number == 2) arguments.int32("x-message-ttl", 300);
    if (number == 3) arguments.int32("x-max-length", 2);
    if (number == 4) arguments.int32("x-max-length", 2).string("x-overflow", "reject-publish");
    const auto name = "q" + std::to_string(number);
    clients_[0].sends(queue::Declare{.queue = name, .arguments = arguments.table()});
    clients_[0].sends(queue::Declare{.queue = "dead"});
  }

  void publish() {
    const auto exchange = up_to(3) == 0 ? "amq.fanout" : "";
    const auto key = up_to(6) == 0 ? std::string{"nowhere"} : any_queue();
    const auto ttl = up_to(4) == 0 ? std::optional<protocol::ShortString>{"500"} : std::nullopt;
    auto& client = any_client();
    const auto channel = up_to(3) == 0 ? std::uint16_t{2} : std::uint16_t{1};
    client.on_channel(channel).publishes(
        key,
        Publication{.body = "m", .properties = {.expiration = ttl}, .exchange = exchange, .mandatory = up_to(3) == 0});
  }

  void act() {
    auto& client = any_client();
    auto& world = ledgers_.world;
    switch (up_to(15)) {
      case 0:
      case 1:
      case 2:
      case 3: return publish();
      case 4: return (void)client.sends(basic::Ack{.delivery_tag = 0, .multiple = true});
      case 5: return (void)client.sends(basic::Nack{.delivery_tag = 0, .multiple = true, .requeue = up_to(1) == 0});
      case 6: return (void)client.sends(basic::Get{.queue = any_queue(), .no_ack = up_to(2) == 0});
      case 7: {
        const auto tag = "c" + std::to_string(++consumers_);
        client.sends(basic::Consume{.queue = any_queue(), .consumer_tag = tag, .no_ack = up_to(3) == 0});
        if (up_to(1) == 0) client.sends(basic::Cancel{.consumer_tag = tag});
        return;
      }
      case 8: return (void)client.sends(basic::Cancel{.consumer_tag = "c" + std::to_string(up_to(consumers_))});
      case 9: return (void)client.on_channel(2).sends(protocol::tx::Commit{});
      case 10: return (void)client.on_channel(2).sends(protocol::tx::Rollback{});
      case 11: return (void)client.sends(queue::Purge{.queue = any_queue()});
      case 12: {
        const auto number = up_to(queues - 1);
        client.sends(queue::Delete{.queue = "q" + std::to_string(number)});
        return declare(number);
      }
      case 13:
        up_to(3) == 0 && may_be_lost_ ? client.vanishes() : (void)client.on_channel(0).sends(connection::Close{});
        world.settle();
        client = connect();
        return;
      case 14: return world.advance(std::chrono::milliseconds{100 * up_to(6)});
      case 15: return (void)client.sends(basic::Recover{.requeue = true});
      default: return;
    }
  }

  std::mt19937 random_;
  const bool may_be_lost_;
  const bool turns_are_postponed_;
  LedgerWorld ledgers_;
  std::array<Client, 3> clients_;
  int consumers_{0};
  int times_drained_{0};
  int times_not_{0};
  int times_stuck_{0};
};

}  // namespace

TEST_CASE("random programs are drained when the journal says so") {
  int drained = 0;
  int not_drained = 0;
  int stuck = 0;
  for (std::uint32_t seed = 1; seed <= 100; ++seed) {
    CAPTURE(seed);
    RandomProgram program{seed};
    for (int step = 0; step < 150; ++step) {
      CAPTURE(step);
      program.step();
    }
    program.finish();
    drained += program.times_drained();
    stuck += program.times_stuck();
    not_drained += program.times_not();
  }
  CHECK(drained > 300);
  CHECK(not_drained > 300);
  CHECK(stuck > 3);
}

}  // namespace pocketmq::tests
