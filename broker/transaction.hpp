// A channel's transaction (AMQP 0-9-1, 1.9): what the channel has published and settled since tx.select, or since the
// last commit or rollback. Nothing of it has happened yet.
#pragma once

#include <cstdint>
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

  /// Takes out what was published, or settled, in that order: to be carried out or given up.
  [[nodiscard]] std::vector<Publication> take_publications() { return std::exchange(publications_, {}); }
  [[nodiscard]] std::vector<Settlement> take_settlements();

  /// A commit begins. It is complete when as many `arrived` as were awaited, and itself has arrived at its end.
  void begin_commit();
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
  std::vector<Publication> publications_;
  std::vector<Settlement> settlements_;
  std::size_t consumed_{0};
  std::size_t awaited_{0};
  unsigned commits_{0};
  bool failed_{false};
};

}  // namespace pocketmq::broker
