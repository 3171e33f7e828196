// The queue by itself: what its publishers and observers are told, and a random life beside a simple model.
#include "broker/queue.hpp"

#include <algorithm>
#include <map>
#include <random>

#include "broker/publisher.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

class Publications final : public broker::Publisher {
 public:
  std::vector<std::uint64_t> accepted_ones;

  void accepted(std::uint64_t publish) override { accepted_ones.push_back(publish); }
  void refused(std::uint64_t) override { FAIL("the queue refused a message"); }
};

broker::Message message_with(std::string_view body,
                             std::optional<std::chrono::milliseconds> time_to_live = std::nullopt) {
  return {"", "q", {.body = body}, time_to_live};
}

// One queue and a simple model of what it should do, which a random life is led with.
class Life {
 public:
  explicit Life(std::uint32_t seed) : random_{seed} { context_.observe(now_); }

  void step() {
    const auto choice = below(100);
    if (choice < 35) {
      publish();
    } else if (choice < 60) {
      get();
    } else if (choice < 75) {
      settle();
    } else if (choice < 90) {
      requeue();
    } else if (choice < 99) {
      pass_time();
    } else {
      purge();
    }
    REQUIRE(queue_->ready() == ready_.size());
    REQUIRE(queue_->unacked() == unacked_.size());
    REQUIRE(context_.deadlines().earliest() > now_);
  }

  void drain() {
    while (!ready_.empty()) get();
    REQUIRE(queue_->ready() == 0);
  }

 private:
  struct Modelled {
    std::string body;
    TimePoint expires_at;
    bool redelivered;
  };

  std::size_t below(std::size_t limit) { return std::uniform_int_distribution<std::size_t>{0, limit - 1}(random_); }

  void publish() {
    const auto number = next_++;
    const auto body = std::to_string(number);
    const auto lives = std::chrono::milliseconds{below(200)};
    const bool ends = below(2) == 0;
    queue_->enqueue(message_with(body, ends ? std::optional{lives} : std::nullopt), publisher_, number);
    REQUIRE(publisher_.accepted_ones.back() == number);
    ready_[number] = {body, ends ? now_ + lives : TimePoint::max(), false};
    drop_expired_heads();
  }

  void get() {
    const auto taken = queue_->take();
    drop_expired_heads();
    REQUIRE(taken.has_value() == !ready_.empty());
    if (!taken) return;
    const auto [number, expected] = *ready_.begin();
    ready_.erase(ready_.begin());
    drop_expired_heads();
    REQUIRE(taken->message.body() == expected.body);
    REQUIRE(taken->redelivered == expected.redelivered);
    unacked_.emplace_back(*taken, expected);
  }

  void settle() {
    if (unacked_.empty()) return;
    const auto one = unacked_.begin() + static_cast<std::ptrdiff_t>(below(unacked_.size()));
    below(2) == 0 ? queue_->settle(one->first) : queue_->discard(one->first);
    unacked_.erase(one);
  }

  // Several at once, in any order, as a nack of many or a lost channel does.
  void requeue() {
    std::ranges::shuffle(unacked_, random_);
    for (auto count = below(4); count > 0 && !unacked_.empty(); --count) {
      auto [queued, modelled] = std::move(unacked_.back());
      unacked_.pop_back();
      modelled.redelivered = true;
      ready_[std::stoull(modelled.body)] = modelled;
      queue_->put_back(std::move(queued));
    }
    queue_->pump();
    drop_expired_heads();
  }

  void pass_time() {
    now_ += std::chrono::milliseconds{below(50)};
    context_.observe(now_);
    context_.deadlines().tell_due(now_);
    drop_expired_heads();
  }

  void purge() {
    REQUIRE(queue_->purge() == ready_.size());
    ready_.clear();
  }

  void drop_expired_heads() {
    while (!ready_.empty() && ready_.begin()->second.expires_at <= now_) ready_.erase(ready_.begin());
  }

  std::mt19937 random_;
  TimePoint now_{1h};
  broker::Context context_{{}, nullptr};
  Publications publisher_;
  protocol::Ref<broker::Queue> queue_{new broker::Queue{{.name = "q"}, context_}};
  std::uint64_t next_{1};
  std::map<std::uint64_t, Modelled> ready_;  // by number of publishing: the order they leave in
  std::vector<std::pair<broker::QueuedMessage, Modelled>> unacked_;
};

}  // namespace

TEST_CASE("a queue does what a simple model does") {
  const auto seed = std::random_device{}();
  INFO("seed " << seed);
  Life life{seed};
  for (int i = 0; i < 20'000; ++i) life.step();
  life.drain();
}

TEST_CASE("a publisher is told of each message that a queue takes") {
  broker::Context context{{}, nullptr};
  Publications publisher;
  const protocol::Ref<broker::Queue> queue{new broker::Queue{{.name = "q"}, context}};
  queue->enqueue(message_with("1", 0ms), publisher, 7);  // also of one that ends at once
  queue->enqueue(message_with("2"), publisher, 8);
  CHECK(publisher.accepted_ones == std::vector<std::uint64_t>{7, 8});
  CHECK(queue->ready() == 1);
}

TEST_CASE("a closed queue drops what is ready and what comes back") {
  broker::Context context{{}, nullptr};
  Publications publisher;
  const protocol::Ref<broker::Queue> queue{new broker::Queue{{.name = "q"}, context}};
  queue->enqueue(message_with("1"), publisher, 1);
  queue->enqueue(message_with("2", 100ms), publisher, 2);
  auto taken = queue->take();
  REQUIRE(taken);
  CHECK(context.deadlines().earliest() != TimePoint::max());
  CHECK(queue->close().empty());
  CHECK(queue->deleted());
  CHECK(context.deadlines().earliest() == TimePoint::max());
  queue->put_back(std::move(*taken));
  queue->pump();
  CHECK(queue->ready() == 0);
  CHECK(queue->unacked() == 0);
}

TEST_CASE("a queue whose messages all expire sets its deadline once") {
  broker::Context context{{}, nullptr};
  Publications publisher;
  const protocol::Ref<broker::Queue> queue{new broker::Queue{{.name = "q"}, context}};
  queue->enqueue(message_with("1", 100ms), publisher, 1);
  const auto first = context.deadlines().earliest();
  queue->enqueue(message_with("2", 50ms), publisher, 2);
  CHECK(context.deadlines().earliest() == first);
  CHECK(queue->take());
  CHECK(context.deadlines().earliest() <= first);
}

}  // namespace pocketmq::tests
