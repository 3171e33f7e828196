#include "broker/queue/settlements.hpp"

#include "broker/queue/consumer.hpp"
#include "broker/queue/publisher.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/lone_queue.hpp"

namespace pocketmq::tests {
namespace {

using broker::Deliveries;
using broker::Outcome;

// More than is settled at once.
constexpr std::size_t very_many_settled = 100'000;

// A queue of which that many messages were got, and not acked.
class Gotten {
 public:
  explicit Gotten(std::size_t count, broker::QueueSettings settings = {}) : queue{std::move(settings)} {
    for (std::size_t i = 1; i <= count; ++i) queue.publish(std::to_string(i));
    for (std::uint64_t tag = 1; tag <= count; ++tag)
      deliveries.push_back({.tag = tag, .queue = protocol::Ref<broker::Queue>{&*queue}, .message = *queue.take()});
  }

  void carry_out(Outcome outcome) {
    queue.context().backlog().begin_turn();
    settlements.carry_out(outcome, std::move(deliveries), {});
  }
  // The next turn of the loop.
  void turn() { queue.take_turn(); }
  [[nodiscard]] bool is_finished() { return queue.is_idle(); }

  LoneQueue queue;
  broker::Settlements settlements{queue.context().backlog()};
  Deliveries deliveries;
};

// That many deleted queues, each with one delivery, which is all that keeps the queue.
class QueuesOfOne final : private broker::QueueHost, private broker::Publisher {
 public:
  explicit QueuesOfOne(std::size_t count) {
    for (std::uint64_t tag = 1; tag <= count; ++tag) {
      protocol::Ref<broker::Queue> queue{new broker::Queue{{.name = "q"}, settings_, context_, *this}};
      context_.backlog().begin_input_slice();
      queue->enqueue({"", "q", {.body = "m"}, std::nullopt}, *this, tag);
      deliveries_.push_back({.tag = tag, .queue = queue, .message = *queue->take()});
      queue->close();
    }
    context_.backlog().begin_turn();
  }

  void requeue_all() { settlements_.carry_out(Outcome::requeued, std::move(deliveries_), {}); }
  void turn() {
    context_.backlog().begin_turn();
    context_.backlog().go_on();
  }
  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(settings_.use_count()) - 1; }

 private:
  void accepted(std::uint64_t) override {}
  void refused(std::uint64_t) override {}
  void take_dead_letter(broker::Queue&, broker::Message, broker::DeathReason) override {}
  [[nodiscard]] const std::string& name() const override { return virtual_host_; }
  void remove_unused(broker::Queue&, broker::event::Gone) override {}

  const std::string virtual_host_{"/"};
  broker::Context context_{{}, nullptr};
  std::shared_ptr<const broker::QueueSettings> settings_{std::make_shared<broker::QueueSettings>()};
  broker::Settlements settlements_{context_.backlog()};
  Deliveries deliveries_;
};

}  // namespace

TEST_CASE("a few deliveries are settled at once") {
  Gotten gotten{100};
  gotten.carry_out(GENERATE(Outcome::acked, Outcome::discarded, Outcome::requeued));
  CHECK(gotten.queue->unacked() == 0);
  CHECK(gotten.is_finished());
}

TEST_CASE("very many deliveries are settled a slice a turn") {
  Gotten gotten{very_many_settled};
  const auto outcome = GENERATE(Outcome::acked, Outcome::discarded, Outcome::requeued);
  const bool comes_back = outcome == Outcome::requeued;
  gotten.carry_out(outcome);
  auto left = very_many_settled;
  for (int turns = 1; left > 0; ++turns) {
    REQUIRE(turns < 100);
    const auto settled = left - gotten.queue->unacked();
    REQUIRE(settled > 0);
    REQUIRE(settled <= 25'000);
    left -= settled;
    REQUIRE(gotten.queue->ready() == (comes_back ? very_many_settled - left : 0));
    REQUIRE(gotten.is_finished() == (left == 0));
    gotten.turn();
  }
}

TEST_CASE("very many deliveries come back in their order") {
  Gotten gotten{very_many_settled};
  gotten.queue.publish("last");
  gotten.carry_out(Outcome::requeued);
  while (!gotten.is_finished()) gotten.turn();
  for (std::size_t i = 1; i <= very_many_settled; ++i) {
    const auto message = gotten.queue.take();
    REQUIRE(message->message.body() == std::to_string(i));
    REQUIRE(message->redelivered);
  }
  CHECK(gotten.queue.take()->message.body() == "last");
}

TEST_CASE("large messages make smaller slices") {
  LoneQueue queue;
  broker::Settlements settlements{queue.context().backlog()};
  Deliveries deliveries;
  const std::string large(1'000'000, 'x');
  for (std::uint64_t tag = 1; tag <= 100; ++tag) {
    queue.publish(large);
    deliveries.push_back({.tag = tag, .queue = protocol::Ref<broker::Queue>{&*queue}, .message = *queue.take()});
  }
  queue.context().backlog().begin_turn();
  settlements.carry_out(Outcome::acked, std::move(deliveries), {});
  CHECK(queue->unacked() > 10);
  CHECK(queue->unacked() < 90);
  for (int turns = 0; !queue.is_idle(); ++turns) {
    REQUIRE(turns < 10);
    queue.take_turn();
  }
  CHECK(queue->unacked() == 0);
}

TEST_CASE("two batches are both settled in the end and what is left of one may be destroyed") {
  Gotten gotten{very_many_settled};
  Deliveries first_half;
  while (gotten.deliveries.front().tag <= very_many_settled / 2)
    first_half.append(gotten.deliveries.take_some_up_to(very_many_settled / 2));
  gotten.settlements.carry_out(Outcome::requeued, std::move(first_half), {});
  gotten.carry_out(Outcome::acked);
  const bool is_cut_off = GENERATE(false, true);
  for (int turns = 0; !is_cut_off && !gotten.is_finished(); ++turns) {
    REQUIRE(turns < 100);
    gotten.turn();
  }
  if (is_cut_off) return;
  CHECK(gotten.queue->ready() == very_many_settled / 2);
  CHECK(gotten.queue->unacked() == 0);
}

TEST_CASE("very many queues are told a slice a turn that what comes back is there") {
  QueuesOfOne queues{very_many_settled};
  queues.requeue_all();
  for (auto left = very_many_settled; left > 0;) {
    queues.turn();
    const auto told = left - queues.left();
    REQUIRE(told <= 30'000);
    left -= told;
  }
}

TEST_CASE("one delivery that is requeued is delivered again at once") {
  Gotten gotten{1};
  broker::Settlements::carry_out(Outcome::requeued, gotten.deliveries.pop_front(), {});
  CHECK(gotten.queue->ready() == 1);
  CHECK(gotten.queue->unacked() == 0);
}

}  // namespace pocketmq::tests
