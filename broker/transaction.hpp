// A channel's transaction (AMQP 0-9-1, 1.9): what the channel has published and settled since tx.select, or since the
// last commit or rollback. Nothing of it has happened yet.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "broker/message.hpp"
#include "broker/settlements.hpp"

namespace pocketmq::broker {

class Transaction {
 public:
  struct Publication {
    Message message;
    std::vector<protocol::Ref<Queue>> queues;  // empty for the default exchange, which looks for them at the commit
    bool mandatory{false};
    protocol::MemoryCharge charge{};
  };
  struct Settlement {
    Outcome outcome{};
    Deliveries deliveries;
  };

  void add(Publication publication) { publications_.push_back(std::move(publication)); }
  void add(Outcome outcome, Unacked&& delivery);
  void add(Outcome outcome, Deliveries deliveries);

  /// Takes the next of what was published, or settled: to be carried out or given up. Nothing when there is no more.
  [[nodiscard]] std::optional<Publication> take_publication();
  /// With the first of them, none of the settlements takes the channel's prefetch any longer.
  [[nodiscard]] std::optional<Settlement> take_settlement();
  /// Takes the next of the settled deliveries, to be given up.
  [[nodiscard]] std::optional<Unacked> take_delivery();
  /// Takes all that was published.
  [[nodiscard]] std::deque<Publication> take_publications() { return std::exchange(publications_, {}); }

  /// A commit begins. It is complete when as many `arrived` as were awaited, and itself has arrived at its end.
  void begin_commit();
  /// All publications have been handed over, and settlements are next. Returns false if that was known.
  [[nodiscard]] bool end_publishing() { return std::exchange(stage_, Stage::settling) == Stage::publishing; }
  /// A rollback begins.
  void begin_rollback() { stage_ = Stage::rolling_back; }
  /// The commit, or the rollback, is over.
  void end() { stage_ = Stage::open; }
  [[nodiscard]] bool is_committing() const { return stage_ == Stage::publishing || stage_ == Stage::settling; }
  [[nodiscard]] bool is_rolling_back() const { return stage_ == Stage::rolling_back; }
  void await(std::size_t queues) { awaited_ += queues; }
  /// Returns how many commits this completes.
  [[nodiscard]] unsigned arrived() { return --awaited_ == 0 ? std::exchange(commits_, 0U) : 0U; }
  /// A queue did not take a message of the commit.
  void fail() { failed_ = true; }
  [[nodiscard]] bool failed() const { return failed_; }

  [[nodiscard]] bool is_empty() const { return publications_.empty() && settlements_.empty(); }
  /// Whether there are deliveries that were settled and not committed.
  [[nodiscard]] bool has_settlements() const { return !settlements_.empty(); }
  /// How many of these came through consumers: they still take the channel's prefetch.
  [[nodiscard]] std::size_t consumed() const { return consumed_; }

 private:
  enum class Stage : std::uint8_t { open, publishing, settling, rolling_back };

  std::deque<Publication> publications_;
  std::deque<Settlement> settlements_;
  std::size_t consumed_{0};
  std::size_t awaited_{0};
  unsigned commits_{0};
  bool failed_{false};
  Stage stage_{Stage::open};
};

}  // namespace pocketmq::broker
