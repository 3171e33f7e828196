// The queue by itself: what its publishers and observers are told, and a random life beside a simple model.

#include <algorithm>
#include <map>
#include <random>

#include "tests/support/lone_queue.hpp"
#include "tests/support/world.hpp"

namespace pocketmq::tests {
namespace {

// One queue and a simple model of what it should do, which a random life is led with.
class Life {
 public:
  explicit Life(std::uint32_t seed) : random_{seed} { queue_.context().clock().observe(now_); }

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
    REQUIRE(queue_.context().deadlines().earliest() > now_);
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
    queue_.publish(body, ends ? std::optional{lives} : std::nullopt);
    REQUIRE(queue_.accepted_ones.back() == number);
    ready_[number] = {body, ends ? now_ + lives : TimePoint::max(), false};
    drop_expired_heads();
  }

  void get() {
    const auto taken = queue_.take();
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
    below(2) == 0 ? queue_->settle(one->first, {}, 1) : queue_->reject(one->first, {}, 1);
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
      queue_->put_back(std::move(queued), {}, 1);
    }
    queue_->serve_consumers();
    drop_expired_heads();
  }

  void pass_time() {
    now_ += std::chrono::milliseconds{below(50)};
    queue_.context().clock().observe(now_);
    queue_.take_turn();
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
  LoneQueue queue_;
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
  LoneQueue queue;
  queue.publish("1", 0ms);  // also of one that ends at once
  queue.publish("2");
  CHECK(queue.accepted_ones == std::vector<std::uint64_t>{1, 2});
  CHECK(queue->ready() == 1);
}

TEST_CASE("a publisher is told of each message that a queue refuses") {
  LoneQueue queue{{.max_length = 1, .overflow = broker::Overflow::reject_publish}};
  queue.publish("1");
  queue.publish("2");
  CHECK(queue.accepted_ones == std::vector<std::uint64_t>{1});
  CHECK(queue.refused_ones == std::vector<std::uint64_t>{2});
  CHECK(queue.dead.empty());
}

TEST_CASE("a refused message may be dead-lettered") {
  LoneQueue queue{{.max_length = 1, .overflow = broker::Overflow::reject_publish_dlx, .dead_letter_exchange = "dlx"}};
  queue.publish("1");
  queue.publish("2");
  CHECK(queue.refused_ones == std::vector<std::uint64_t>{2});
  CHECK(queue.dead == std::vector<std::string>{"2 maxlen"});
}

TEST_CASE("a closed queue drops what is ready and what comes back") {
  LoneQueue queue{{.dead_letter_exchange = "dlx"}};
  queue.publish("1");
  queue.publish("2", 100ms);
  queue.publish("3");
  auto back = queue->take(), rejected = queue->take();
  REQUIRE((back && rejected));
  queue->close();
  CHECK(queue->any_consumer() == nullptr);
  CHECK(queue->deleted());
  CHECK(queue.context().deadlines().earliest() == TimePoint::max());
  queue->put_back(std::move(*back), {}, 1);
  queue->serve_consumers();
  queue->reject(*rejected, {}, 1);
  CHECK(queue->ready() == 0);
  CHECK(queue->unacked() == 0);
  CHECK(queue.dead.empty());
}

TEST_CASE("a queue whose messages all expire sets its deadline once") {
  LoneQueue queue;
  queue.publish("1", 100ms);
  const auto first = queue.context().deadlines().earliest();
  queue.publish("2", 50ms);
  CHECK(queue.context().deadlines().earliest() == first);
  CHECK(queue->take());
  CHECK(queue.context().deadlines().earliest() <= first);
}

}  // namespace pocketmq::tests
